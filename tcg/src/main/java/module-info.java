/// The translator: guest instructions to micro-ops, and what runs them.
module straddle.tcg {
    requires straddle.core;
    requires jdk.jfr;
    requires org.objectweb.asm;

    provides straddle.core.accel.AcceleratorProvider with
            straddle.tcg.TcgProvider;
    provides straddle.core.user.UserTranslatorProvider with
            straddle.tcg.a64.A64Provider,
            straddle.tcg.arm.ArmProvider,
            straddle.tcg.mips.MipsProvider,
            straddle.tcg.x86.X86UserProvider;
}
