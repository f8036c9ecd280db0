package straddle.linux.user;

import java.io.PrintStream;
import java.util.List;
import straddle.core.observe.Trace;

/// How a program is to be run.
///
/// @param program path of the host's, or of the guest's below `root`, a character for each of its bytes
/// @param arguments with the program's name first
/// @param environment as NAME=VALUE
/// @param sysroot where absolute paths are looked for first; empty for nowhere
/// @param root the directory that the program can't name anything outside of; empty for none
/// @param cpu the processor's model; empty for the usual one
/// @param accel what runs x86-64 programs: `auto`, `kvm` or `tcg`
/// @param network whether it may make sockets other than local ones
/// @param strace where calls are printed, or null
/// @param trace what its threads do, or null
/// @param memoryBytes that its processes may use together
public record UserOptions(
        String program,
        List<byte[]> arguments,
        List<byte[]> environment,
        String sysroot,
        String root,
        String cpu,
        String accel,
        boolean network,
        PrintStream strace,
        Trace trace,
        long memoryBytes) {
    public UserOptions {
        arguments = List.copyOf(arguments);
        environment = List.copyOf(environment);
    }
}
