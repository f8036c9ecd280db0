package straddle.accel.kvm;

import java.util.Optional;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.HostVerdict;
import straddle.core.accel.HostVerdict.GuestMode;
import straddle.core.user.Frames;
import straddle.core.user.NativeProcessorProvider;
import straddle.core.user.NativeProcessors;
import straddle.host.HostException;

/// Programs' own code on the processor, through KVM at privilege level 3.
public final class ProgramProvider implements NativeProcessorProvider {
    public ProgramProvider() {}

    @Override
    public boolean isFast() {
        try {
            Optional<HostVerdict> verdict = new KvmProvider().probe(false);
            return verdict.isPresent() && verdict.get().isNative(GuestMode.LONG_USER);
        } catch (AcceleratorException _) {
            return false;
        }
    }

    @Override
    public NativeProcessors open(Frames frames) throws AcceleratorException {
        try {
            return ProgramVm.create(KvmDevice.open(KvmDevice.PATH), frames);
        } catch (HostException e) {
            throw KvmRefusal.of(e);
        }
    }
}
