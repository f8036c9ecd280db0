package straddle.linux.user;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import straddle.core.accel.AcceleratorException;
import straddle.core.user.Frames;
import straddle.core.user.NativeProcessorProvider;
import straddle.core.user.NativeProcessors;
import straddle.core.user.NativeVcpu;
import straddle.core.user.UserVcpu;

/// The host's processors, for x86-64 programs that compute: opened when the first one is found to.
///
/// Under `auto` a program begins translated, and most end so: leaving its native code costs as much as 10,000 translated
/// instructions.
final class Processors {
    /// What [UserOptions#accel()] may be.
    static final String AUTO = "auto";

    static final String KVM = "kvm";
    static final String TCG = "tcg";

    private static final long LOOK_NANOS = 5_000_000;

    private final Frames frames;
    private final boolean always;
    private final boolean never;
    private final List<SwitchingVcpu> vcpus = new CopyOnWriteArrayList<>();
    private NativeProcessors opened;
    private boolean refused;
    private volatile Thread watch;

    Processors(String accel, Frames frames) {
        this.frames = frames;
        always = accel.equals(KVM);
        never = accel.equals(TCG);
    }

    /// Whether native code is to be used whatever it costs.
    boolean always() {
        return always;
    }

    /// A vCPU that leaves code to the processor where that pays.
    UserVcpu with(UserVcpu translated) {
        if (never) {
            return translated;
        }
        SwitchingVcpu vcpu = new SwitchingVcpu(this, translated);
        vcpus.add(vcpu);
        return vcpu;
    }

    void closed(SwitchingVcpu vcpu) {
        vcpus.remove(vcpu);
    }

    /// @throws AcceleratorException if native code was asked for and can't be had; says why
    void check() throws AcceleratorException {
        if (always) {
            open();
        }
    }

    private synchronized void open() throws AcceleratorException {
        if (opened == null) {
            opened =
                    NativeProcessorProvider.ofHost()
                            .orElseThrow(() ->
                                    new AcceleratorException(
                                            "This installation has no engine for native code."))
                            .open(frames);
        }
    }

    /// A processor, or null if there is none to be had.
    synchronized NativeVcpu processor() {
        if (refused) {
            return null;
        }
        try {
            if (opened == null && !always) {
                refused =
                        NativeProcessorProvider.ofHost()
                                .filter(NativeProcessorProvider::isFast)
                                .isEmpty();
                if (refused) {
                    return null;
                }
            }
            open();
        } catch (AcceleratorException _) {
            refused = true;
            return null;
        }
        try {
            return opened.newVcpu();
        } catch (AcceleratorException _) {
            return null;
        }
    }

    /// Has somebody look for programs that compute without a stop.
    void watch() {
        if (watch == null && !always) {
            startWatch();
        }
    }

    private synchronized void startWatch() {
        if (watch == null) {
            watch = Thread.ofPlatform().name("native-watch").daemon().start(this::look);
        }
    }

    private void look() {
        while (true) {
            LockSupport.parkNanos(LOOK_NANOS);
            synchronized (this) {
                if (refused) {
                    return;
                }
            }
            long now = System.nanoTime();
            for (SwitchingVcpu each : vcpus) {
                each.lookedAt(now);
            }
        }
    }
}
