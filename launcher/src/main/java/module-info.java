/// The `straddle` command.
module straddle.launcher {
    requires straddle.core;
    requires straddle.host;
    requires straddle.linux.user;
    requires straddle.machines;
    requires java.management;
    requires jdk.unsupported; // signals
    requires info.picocli;
    requires org.jline.reader;
    requires org.jline.terminal;
    requires com.google.gson;
    requires org.apache.commons.compress;
    requires org.tukaani.xz;

    uses straddle.core.accel.AcceleratorProvider;

    opens straddle.launcher to
            info.picocli;
}
