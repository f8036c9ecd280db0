package straddle.accel.kvm;

import java.util.Optional;
import straddle.core.accel.Accelerator;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.Observation;
import straddle.core.accel.Translator;
import straddle.core.accel.VmResources;
import straddle.core.irq.InterruptSource;
import straddle.core.vcpu.TranslatedVcpu;

/// Has the translator execute what KVM can't: an interpreting KVM lacks instructions, and even a VMX host's
/// emulates only some of those that touch MMIO.
///
/// The translator is started with the first such instruction, and is a VM's own.
final class Rescuer implements AutoCloseable {
    /// What the host's processor has and KVM's emulator lacks may be anything.
    private static final String ALL_FEATURES = "max";

    private final VmResources resources;
    private Translator translator;

    Rescuer(VmResources resources) {
        this.resources = resources;
    }

    /// The translator's vCPU that stands in for KVM's of the same number, or empty in an installation without translator.
    ///
    /// @param interrupts of which the registers are used; the interrupts themselves are KVM's to deliver
    synchronized Optional<TranslatedVcpu> vcpu(int id, InterruptSource interrupts)
            throws AcceleratorException {
        if (translator == null) {
            translator = start(resources.withCpu(cpu()), Observation.NONE);
        }
        return translator == null
                ? Optional.empty()
                : Optional.of(translator.createVcpu(id, new RegistersOf(interrupts)));
    }

    private String cpu() {
        return resources.wantsCommonCpu() ? resources.cpu() : ALL_FEATURES;
    }

    /// The translator of this installation for a VM, or null.
    static Translator start(VmResources resources, Observation observation)
            throws AcceleratorException {
        for (AcceleratorProvider provider : AcceleratorProvider.installed()) {
            boolean ourOwn = provider.getClass().getModule() == Rescuer.class.getModule();
            if (!ourOwn && provider.availability(resources.architecture()).isAvailable()) {
                Accelerator engine = provider.observing(observation).create(resources);
                if (engine instanceof Translator found) {
                    return found;
                }
                engine.close();
            }
        }
        return null;
    }

    @Override
    public synchronized void close() {
        if (translator != null) {
            translator.close();
            translator = null;
        }
    }

    /// A local APIC that can be read and written and never interrupts.
    private record RegistersOf(InterruptSource source) implements InterruptSource {
        @Override
        public boolean pending() {
            return false;
        }

        @Override
        public int acknowledge() {
            return -1;
        }

        @Override
        public int taskPriority() {
            return source.taskPriority();
        }

        @Override
        public void setTaskPriority(int cr8) {
            source.setTaskPriority(cr8);
        }

        @Override
        public boolean hasMsr(int number) {
            return source.hasMsr(number);
        }

        @Override
        public long readMsr(int number) {
            return source.readMsr(number);
        }

        @Override
        public boolean writeMsr(int number, long value) {
            return source.writeMsr(number, value);
        }
    }
}
