package straddle.tcg;

import java.util.Optional;
import straddle.core.accel.Observation;
import straddle.core.accel.Translator;
import straddle.core.accel.VmResources;
import straddle.core.irq.InterruptSource;
import straddle.core.irq.IrqChip;
import straddle.core.vcpu.TranslatedVcpu;
import straddle.tcg.x86.CpuModels;

/// The translator at work for one VM, as one engine has it.
final class TcgAccelerator implements Translator {
    private final TranslatedGuest guest;
    private boolean closed;

    TcgAccelerator(TranslatedGuest guest) {
        this.guest = guest;
        guest.open();
    }

    @Override
    public String name() {
        return TcgProvider.NAME;
    }

    @Override
    public Optional<String> cpu() {
        return Optional.of(cpu(guest.resources));
    }

    private static String cpu(VmResources resources) {
        return resources.cpu().isEmpty() ? CpuModels.DEFAULT : resources.cpu();
    }

    @Override
    public Optional<Translator> translator() {
        return Optional.of(this);
    }

    @Override
    public Optional<Translator> share(VmResources other, Observation observation) {
        boolean fits =
                other.memory() == guest.resources.memory()
                        && other.vcpus() == guest.resources.vcpus()
                        && cpu(other).equals(cpu(guest.resources))
                        && observation.equals(guest.observation);
        return fits ? Optional.of(new TcgAccelerator(guest)) : Optional.empty();
    }

    @Override
    public Optional<Kept> keep() {
        return Optional.of(new KeptGuest());
    }

    private final class KeptGuest implements Kept {
        private final Translator another = new TcgAccelerator(guest);
        private final Runnable letGo = guest.keepProcessors();

        @Override
        public Translator translator() {
            return another;
        }

        @Override
        public void rest() {
            guest.rest();
        }

        @Override
        public void wake() {
            guest.wake();
        }

        @Override
        public void close() {
            letGo.run();
            another.close();
        }
    }

    @Override
    public Optional<IrqChip> kernelIrqChip() {
        return Optional.empty();
    }

    @Override
    public TranslatedVcpu createVcpu(int id, InterruptSource interrupts) {
        return guest.vcpu(id, interrupts);
    }

    @Override
    public void noticeStores(long hvaPage) {
        guest.noticeStores(hvaPage);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            guest.close();
        }
    }
}
