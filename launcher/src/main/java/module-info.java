/// The `straddle` command.
module straddle.launcher {
    requires straddle.core;
    requires straddle.host;
    requires straddle.machines;
    requires info.picocli;
    requires org.jline.terminal;

    uses straddle.core.accel.AcceleratorProvider;
}
