package straddle.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The guest that `straddle fetch debian` made, as Straddle's translator and QEMU's are told to boot it.
///
/// @param straddle the command
/// @param directory where its kernel and initrd are
record LinuxGuest(Path straddle, Path directory) {
    static final String MEMORY_MIB = "256";

    List<String> ours(String... more) {
        return with(
                List.of(
                        straddle.toString(),
                        "run",
                        "--accel",
                        "tcg",
                        "--cpu",
                        "qemu64",
                        "-m",
                        MEMORY_MIB + "M"),
                "--",
                more);
    }

    List<String> theirs(String... more) {
        return with(
                List.of(
                        QemuRun.COMMAND,
                        "-accel",
                        "tcg",
                        "-cpu",
                        "qemu64",
                        "-m",
                        MEMORY_MIB,
                        "-nodefaults",
                        "-display",
                        "none",
                        "-serial",
                        "stdio"),
                "-",
                more);
    }

    private List<String> with(List<String> first, String dashes, String... more) {
        List<String> command = new ArrayList<>(first);
        command.addAll(List.of(more));
        command.addAll(
                List.of(
                        dashes + "kernel",
                        directory.resolve("vmlinuz").toString(),
                        dashes + "initrd",
                        directory.resolve("initrd.cpio").toString(),
                        dashes + "append",
                        "console=ttyS0"));
        return command;
    }

    /// What a command's last line was, from what the shell said: the line before the mark of the end, as what comes
    /// first is the echo of what was typed.
    static String result(String said) {
        List<String> lines = said.lines().map(String::strip).toList();
        return lines.get(Math.max(0, lines.indexOf("=42=") - 1));
    }
}
