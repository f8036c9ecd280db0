/// KVM from Java: the `kvm` engine, and the probe of what this host's KVM can do.
module straddle.accel.kvm {
    requires jdk.jfr;
    requires straddle.core;
    requires straddle.host;
    requires straddle.linux;

    uses straddle.core.accel.AcceleratorProvider;

    provides straddle.core.accel.AcceleratorProvider with
            straddle.accel.kvm.KvmProvider,
            straddle.accel.kvm.HybridProvider;
    provides straddle.core.user.NativeProcessorProvider with
            straddle.accel.kvm.ProgramProvider;
    provides straddle.core.time.HostCounter with
            straddle.accel.kvm.NativeCounter;
}
