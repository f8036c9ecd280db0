package straddle.launcher.measure;

import java.time.Duration;
import java.util.function.Consumer;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamUnavailableException;
import straddle.core.vcpu.StopReason;
import straddle.launcher.session.GuestRun;
import straddle.launcher.session.Interruption;
import straddle.launcher.session.Tail;
import straddle.machines.embedded.EmbeddedGuest;
import straddle.machines.embedded.Phase;

/// A guest on an engine, booted anew for each run.
public final class EngineMode implements Mode {
    private final EmbeddedGuest guest;
    private final AcceleratorProvider engine;
    private final Memory memory;
    private final Duration limit;
    private final Interruption interruption;
    private final Pace pace = new Pace();

    /// The guest's memory.
    public record Memory(long bytes, RamAllocator allocator) {}

    /// @param limit of one run: at half of it phases are cut short, at the whole it has failed
    public EngineMode(
            EmbeddedGuest guest,
            AcceleratorProvider engine,
            Memory memory,
            Duration limit,
            Interruption interruption) {
        this.guest = guest;
        this.engine = engine;
        this.memory = memory;
        this.limit = limit;
        this.interruption = interruption;
    }

    @Override
    public String name() {
        return engine.name();
    }

    @Override
    public ModeRun run(double nanosPerPhase, Consumer<Phase> progress)
            throws ModeFailedException, InterruptedException {
        PhaseRecorder recorder =
                new PhaseRecorder(pace, nanosPerPhase, limit.toNanos() / 2, progress);
        Tail serial = new Tail();
        GuestRun run;
        try {
            run =
                    GuestRun.of(
                            guest,
                            engine,
                            new GuestRun.Setting(
                                    memory.bytes(), memory.allocator(), serial, limit, 0),
                            recorder,
                            interruption);
        } catch (AcceleratorException | RamUnavailableException e) {
            throw new ModeFailedException(e.getMessage(), true, "");
        }
        if (interruption.happened()) {
            throw new InterruptedException();
        }
        requireSuccess(run, recorder, serial);
        return new ModeRun(recorder.times(), run.exits());
    }

    private void requireSuccess(GuestRun run, PhaseRecorder recorder, Tail serial)
            throws ModeFailedException {
        switch (run.reason()) {
            case StopReason.PoweredOff(int code)
                    when code == 0 || recorder.times().size() == guest.phases().size() -> {}
            case StopReason.PoweredOff(int code) ->
                    throw new ModeFailedException(
                            "The guest gave up with exit code " + code + ".",
                            false,
                            serial.toString());
            case StopReason.Reset _ ->
                    throw new ModeFailedException(
                            "The guest asked for a reset.", false, serial.toString());
            case StopReason.Requested _ ->
                    throw new ModeFailedException(
                            "The guest had not ended after " + limit.toSeconds() + " s.",
                            false,
                            serial.toString());
            case StopReason.GuestFailed(String sentence, String report) ->
                    throw new ModeFailedException(sentence, false, report);
            case StopReason.HostFailed(AcceleratorException cause) ->
                    throw new ModeFailedException(cause.getMessage(), true, "");
            case StopReason.HostFailed(Exception cause) -> throw new IllegalStateException(cause);
        }
    }
}
