package straddle.bench.user;

import java.util.Map;
import java.util.SortedMap;
import straddle.core.user.UserIsa;

/// Makes programs of random instructions for one instruction set. They print what registers and memory hold after
/// each short sequence, and exit.
interface ProgramSource {
    UserIsa isa();

    /// A program: the same for the same seed.
    Program program(long seed, int sequences);

    /// How often each row of the decode table came to be executed, as far as the programs made up to now went; a row
    /// that can't stand in such a program is absent.
    SortedMap<String, Long> executions();

    /// Rows that programs don't have, each with the reason.
    Map<String, String> exempt();

    /// @param image loaded at `base`, entered there, readable, writable and executable
    /// @param blockBytes what each sequence prints
    /// @param executions instructions that are executed, about
    /// @param status what [straddle.core.user.UserVcpu#setStatus] is given at the start
    @SuppressWarnings("ArrayRecordComponent") // passed on at once
    record Program(long base, byte[] image, int blockBytes, long executions, long status) {}
}
