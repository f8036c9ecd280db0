package straddle.launcher.console;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import straddle.core.accel.AcceleratorException;
import straddle.core.memory.RamUnavailableException;
import straddle.core.vcpu.StopReason;
import straddle.devices.ByteSink;
import straddle.launcher.session.ExecStatus;
import straddle.launcher.session.GuestRun;
import straddle.launcher.session.Interruption;
import straddle.launcher.session.Session;
import straddle.launcher.session.Tail;
import straddle.machines.Machine;
import straddle.machines.SerialPort;

/// A guest that boots, runs one command and ends.
///
/// The command's output, its errors and its exit code come by serial ports of their own, the second to the fourth, so
/// that nothing of the kernel's gets between.
public final class ExecSession {
    /// Makes the machine with these serial lines.
    @FunctionalInterface
    public interface Board {
        /// @throws AcceleratorException if the engine can't be had
        /// @throws RamUnavailableException if the memory can't
        Machine powerOn(List<ByteSink> serial) throws AcceleratorException, RamUnavailableException;
    }

    /// Where the command's output goes.
    public record Output(SerialEnd out, SerialEnd err) {}

    /// How it went.
    ///
    /// @param code the command's exit code; none if the guest ended before the command did
    /// @param readerGone whether whoever read the output went away
    /// @param kernelsWords the last of what the kernel said
    /// @param loadNanos from the call to the machine's start
    /// @param bootNanos from there to the command's first output, or -1 if there was none
    /// @param workNanos from there to the command's end, or -1
    public record Outcome(
            GuestRun run,
            OptionalInt code,
            boolean readerGone,
            String kernelsWords,
            long loadNanos,
            long bootNanos,
            long workNanos) {}

    private final Tail kernelsWords = new Tail();
    private final long called = System.nanoTime();
    private volatile long began = called;
    private volatile long spoke = -1;
    private volatile long ended = -1;

    private ExecSession() {}

    /// Runs the guest to its end.
    ///
    /// @param limit zero for none
    /// @param attendants as [Session.Terms] has them
    /// @throws AcceleratorException if the engine can't be had
    /// @throws RamUnavailableException if the memory can't
    public static Outcome run(
            Board board,
            Output output,
            Duration limit,
            List<Session.Attendant> attendants,
            Interruption interruption)
            throws AcceleratorException, RamUnavailableException, InterruptedException {
        return new ExecSession().runHere(board, output, limit, attendants, interruption);
    }

    private Outcome runHere(
            Board board,
            Output output,
            Duration limit,
            List<Session.Attendant> attendants,
            Interruption interruption)
            throws AcceleratorException, RamUnavailableException, InterruptedException {
        ExecStatus status =
                new ExecStatus(() -> {
                    ended = System.nanoTime();
                    interruption.stopRunning();
                });
        Consoles consoles = new Consoles("");
        consoles.open(
                List.of(
                        SerialEnd.to(kernelsWords),
                        new Heard(output.out()),
                        output.err(),
                        SerialEnd.to(status)),
                List.of());
        // What the command said before its end is still written.
        Runnable letGo =
                () -> {
                    if (status.code().isEmpty()) {
                        consoles.abandon();
                    }
                };
        List<Session.Attendant> all = new ArrayList<>(attendants);
        all.add(consoles);
        all.add(new Beginning());
        GuestRun run;
        try (consoles) {
            run =
                    Session.run(
                            () -> board.powerOn(consoles.outputs()),
                            new Session.Terms(limit, false, letGo, all),
                            interruption);
        }
        return new Outcome(
                run,
                status.code(),
                consoles.readerGone(),
                kernelsWords.toString(),
                began - called,
                spoke < 0 ? -1 : spoke - began,
                spoke < 0 || ended < 0 ? -1 : ended - spoke);
    }

    /// Notes when the first byte comes.
    private final class Heard implements SerialEnd, ByteSink {
        private final SerialEnd end;

        Heard(SerialEnd end) {
            this.end = end;
        }

        @Override
        public ByteSink output() {
            return this;
        }

        @Override
        public void write(int b) {
            if (spoke < 0) {
                spoke = System.nanoTime();
            }
            end.output().write(b);
        }

        @Override
        public boolean ready() {
            return end.output().ready();
        }

        @Override
        public void connect(SerialPort port) {
            end.connect(port);
        }

        @Override
        public void disconnect() {
            end.disconnect();
        }

        @Override
        public void abandon() {
            end.abandon();
        }

        @Override
        public boolean readerGone() {
            return end.readerGone();
        }

        @Override
        public void close() {
            end.close();
        }
    }

    private final class Beginning implements Session.Attendant {
        @Override
        public void begins(Machine machine) {
            began = System.nanoTime();
        }
    }

    /// Whether a run without an exit code ended as if all were well.
    public static boolean endedEarly(GuestRun run) {
        return run.reason() instanceof StopReason.PoweredOff
                || run.reason() instanceof StopReason.Reset;
    }
}
