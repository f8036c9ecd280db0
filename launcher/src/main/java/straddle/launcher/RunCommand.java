package straddle.launcher;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.memory.RamUnavailableException;
import straddle.core.vcpu.StopReason;
import straddle.devices.ByteSink;
import straddle.launcher.measure.Pace;
import straddle.launcher.measure.PhaseRecorder;
import straddle.launcher.session.Console;
import straddle.launcher.session.GuestRun;
import straddle.launcher.session.Interruption;
import straddle.launcher.session.SerialOutput;
import straddle.launcher.session.Session;
import straddle.machines.embedded.EmbeddedGuest;
import straddle.machines.linux.LinuxBoot;
import straddle.machines.pc.Pc;

/// `straddle run`: one guest, its serial line on standard input and output.
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        header = "Runs a guest, its serial line on standard output.",
        descriptionHeading = "%n",
        description = {
            "Ends when the guest does, with the guest's exit code, or with Ctrl-C. With --kernel it is a Linux",
            "kernel on a whole PC, and what you type goes to its serial line. Without, it is the built-in guest,",
            "which boots to 64-bit mode, runs short workloads and checks their results."
        },
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  straddle run                      the built-in guest, in the mode that suits this host",
            "  straddle run --accel tcg --stats  translated, with what it exited for",
            "  straddle run --guest my.img -m 1G --timeout 10",
            "  straddle run --kernel vmlinuz --initrd initrd.gz --append 'console=ttyS0 quiet' -m 512M"
        })
final class RunCommand implements Callable<Integer> {
    private static final double NANOS_PER_PHASE = 200e6;
    private static final long PHASES_LIMIT_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Surroundings surroundings;

    @Mixin private MachineOptions machine;
    @Mixin private KernelOptions kernel;
    @Mixin private PcOptions pc;
    @Mixin private ConsoleOptions console;
    @Mixin private EngineOptions engine;
    @Mixin private CpuOptions cpu;
    @Mixin private LimitOptions limit;
    @Mixin private StatsOptions stats;

    @Option(names = "--hook", hidden = true, defaultValue = "0")
    private int hook;

    RunCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() throws CommandFailure {
        if (cpu.isHelp()) {
            CpuOptions.printHelp(surroundings.engines().get(), surroundings.out());
            return ExitCodes.OK;
        }
        try {
            return kernel.given() ? runPc() : runEmbedded();
        } catch (RamUnavailableException | AcceleratorException e) {
            throw CommandFailure.host(e.getMessage(), e);
        } catch (InterruptedException e) {
            throw CommandFailure.guest(ExitCodes.INTERRUPTED, "Interrupted.");
        }
    }

    private int runEmbedded()
            throws CommandFailure,
                    AcceleratorException,
                    RamUnavailableException,
                    InterruptedException {
        kernel.requireNone();
        pc.requireNone();
        EmbeddedGuest guest = machine.guest();
        long ramBytes = machine.ramBytes(guest);
        limit.limit();
        AcceleratorProvider provider = cpu.applyTo(engine.engine(surroundings));
        Interruption interruption = surroundings.interruption();
        SerialOutput serial = new SerialOutput(surroundings.out(), interruption::stopRunning);
        GuestRun run;
        try (serial) {
            run =
                    GuestRun.of(
                            guest,
                            stats.observed(provider),
                            new GuestRun.Setting(
                                    ramBytes, MachineOptions.ram(), serial, limit.limit(), hook),
                            new PhaseRecorder(
                                    new Pace(), NANOS_PER_PHASE, PHASES_LIMIT_NANOS, _ -> {}),
                            interruption);
        }
        stats.report(provider.name(), run, surroundings.err());
        return serial.readerGone() ? ExitCodes.OUTPUT_CLOSED : exitCode(run);
    }

    private int runPc()
            throws CommandFailure,
                    AcceleratorException,
                    RamUnavailableException,
                    InterruptedException {
        machine.requireNoImage("--kernel");
        LinuxBoot boot = kernel.boot();
        int vcpus = pc.vcpus();
        long ramBytes = machine.ramBytes(boot);
        Session.Terms terms;
        AcceleratorProvider provider = cpu.applyTo(engine.engine(surroundings));
        GuestRun run;
        Console line = console.open(surroundings);
        try (line) {
            terms = new Session.Terms(limit.limit(), pc.reboots(), line::abandon, List.of());
            run =
                    Session.run(
                            () -> {
                                Pc board =
                                        Pc.create(
                                                config(ramBytes, vcpus, line.output()),
                                                boot,
                                                stats.observed(provider));
                                line.connect(board);
                                return board;
                            },
                            terms,
                            surroundings.interruption());
        }
        stats.report(provider.name(), run, surroundings.err());
        if (line.readerGone()) {
            return ExitCodes.OUTPUT_CLOSED;
        }
        return run.reason() instanceof StopReason.Reset ? ExitCodes.OK : exitCode(run);
    }

    private static Pc.Config config(long ramBytes, int vcpus, ByteSink serial) {
        return new Pc.Config(
                ramBytes,
                MachineOptions.ram(),
                vcpus,
                List.of(serial),
                ByteSink.NOWHERE,
                System::nanoTime,
                System.currentTimeMillis() / 1000);
    }

    private int exitCode(GuestRun run) throws CommandFailure {
        return switch (run.reason()) {
            case StopReason.PoweredOff(int code) -> code;
            case StopReason.Reset _ ->
                    throw CommandFailure.guest(
                            ExitCodes.GUEST, "The guest asked for a reset, and was stopped.");
            case StopReason.Requested _ when run.timedOut() -> throw limit.reached();
            case StopReason.Requested _ ->
                    throw CommandFailure.guest(ExitCodes.INTERRUPTED, "Interrupted.");
            case StopReason.GuestFailed(String sentence, String report) -> {
                surroundings.err().println("straddle: " + sentence);
                if (!report.isBlank()) {
                    surroundings.err().println(report.stripTrailing());
                }
                yield ExitCodes.GUEST;
            }
            case StopReason.HostFailed(AcceleratorException cause) ->
                    throw CommandFailure.host(cause.getMessage(), cause);
            case StopReason.HostFailed(Exception cause) -> throw new IllegalStateException(cause);
        };
    }
}
