package straddle.launcher;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.accel.HostVerdict.GuestMode;
import straddle.core.accel.NoSuchCpuException;
import straddle.core.memory.RamUnavailableException;
import straddle.core.vcpu.StopReason;
import straddle.devices.ByteSink;
import straddle.launcher.console.Consoles;
import straddle.launcher.console.ExecSession;
import straddle.launcher.console.OutputEnd;
import straddle.launcher.measure.Pace;
import straddle.launcher.measure.PhaseRecorder;
import straddle.launcher.monitor.Command;
import straddle.launcher.monitor.EngineCommand;
import straddle.launcher.monitor.MonitorException;
import straddle.launcher.session.GuestRun;
import straddle.launcher.session.Interruption;
import straddle.launcher.session.Session;
import straddle.machines.boot.Boot;
import straddle.machines.embedded.EmbeddedGuest;
import straddle.machines.pc.MinimalPc;
import straddle.machines.pc.Pc;

/// `straddle run`: one guest, its serial line on standard input and output.
@CommandLine.Command(
        name = "run",
        mixinStandardHelpOptions = true,
        header = "Runs a guest, its serial line on standard output.",
        descriptionHeading = "%n",
        description = {
            "Ends when the guest does, with the guest's exit code; on a terminal by Ctrl-A X, too (Ctrl-A H helps),",
            "elsewhere by Ctrl-C. A guest with a name or a kernel gets a whole PC, and what you type goes to its",
            "serial line. Without either it is the built-in guest, which boots to 64-bit mode, runs short",
            "workloads and checks their results."
        },
        parameterListHeading = "%nGuest:%n",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  straddle run debian               Debian's kernel, to a shell",
            "  straddle run debian --exec 'sha256sum /bin/busybox'",
            "  straddle run debian --file ./prog --exec './prog 1 2 3'",
            "  straddle run                      the built-in guest, in the mode that suits this host",
            "  straddle run --accel tcg --stats  translated, with what it exited for",
            "  straddle run --guest my.img -m 1G --timeout 10",
            "  straddle run --kernel vmlinuz --initrd initrd.gz --append 'console=ttyS0 quiet' -m 512M",
            "  straddle run --bios /usr/share/seabios/bios-256k.bin --cdrom installer.iso --boot menu=on"
        })
final class RunCommand implements Callable<Integer> {
    private static final double NANOS_PER_PHASE = 200e6;
    private static final long PHASES_LIMIT_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Surroundings surroundings;

    @Mixin private GuestOptions guest;
    @Mixin private MachineOptions machine;
    @Mixin private KernelOptions kernel;
    @Mixin private FirmwareOptions firmware;
    @Mixin private PcOptions pc;
    @Mixin private DiskOptions disk;
    @Mixin private DeviceOptions devices;
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
            if (guest.given()) {
                machine.requireNoImage(NamedGuests.DEBIAN);
                firmware.requireNoFirmware();
                return runGuest();
            }
            guest.requireNone();
            if (kernel.given()) {
                machine.requireNoImage("--kernel");
                firmware.requireNoFirmware();
                return runPc(kernel.boot(), false);
            }
            if (firmware.given()) {
                machine.requireNoImage("--bios");
                kernel.requireNone();
                return runPc(firmware.firmware(), false);
            }
            return runEmbedded();
        } catch (NoSuchCpuException e) {
            throw CommandFailure.usage(e.getMessage());
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
        firmware.requireNone();
        pc.requireNone();
        disk.requireNone();
        devices.requireNone();
        EmbeddedGuest image = machine.guest();
        long ramBytes = machine.ramBytes(image);
        limit.limit();
        AcceleratorProvider provider =
                stats.observed(cpu.applyTo(engine.engine(surroundings)), surroundings.err());
        GuestRun run;
        Consoles consoles = console.open(surroundings, 1, false);
        consoles.monitor().add(engineCommand());
        try (consoles) {
            MinimalPc.Config config =
                    new MinimalPc.Config(
                            ramBytes,
                            MachineOptions.ram(),
                            consoles.outputs().getFirst(),
                            System::nanoTime,
                            new PhaseRecorder(
                                    new Pace(), NANOS_PER_PHASE, PHASES_LIMIT_NANOS, _ -> {}),
                            hook);
            run =
                    Session.run(
                            () -> MinimalPc.create(config, image, provider),
                            new Session.Terms(
                                    limit.limit(), false, consoles::abandon, attendants(consoles)),
                            surroundings.interruption());
        }
        stats.report(provider.name(), run, surroundings.err());
        return consoles.readerGone() ? ExitCodes.OUTPUT_CLOSED : exitCode(run);
    }

    private int runGuest()
            throws CommandFailure,
                    AcceleratorException,
                    RamUnavailableException,
                    InterruptedException {
        String append = whatTheEngineAsksFor() + kernel.appended();
        if (guest.command().isPresent()) {
            return runExec(guest.boot(surroundings, append));
        }
        OptionalInt window = console.windowLine(surroundings, Pc.MAX_SERIAL_PORTS);
        if (window.isPresent()) {
            append = NamedGuests.windowLine(window.getAsInt()) + append;
        }
        return runPc(guest.boot(surroundings, append), window.isPresent());
    }

    /// What a named guest's kernel has to leave alone where KVM interprets it, with a blank behind; otherwise nothing.
    private String whatTheEngineAsksFor() throws CommandFailure, AcceleratorException {
        AcceleratorProvider chosen = engine.engine(surroundings);
        boolean interpreted =
                chosen.name().equals("kvm")
                        && chosen.probe(false)
                                .map(host -> !host.isNative(GuestMode.LONG_KERNEL))
                                .orElse(false);
        if (!interpreted) {
            return "";
        }
        tell(
                "This host's KVM interprets kernels, so the guest gets '"
                        + NamedGuests.INTERPRETED
                        + "' and boots in a quarter of an hour or more. --accel hybrid takes seconds.");
        return NamedGuests.INTERPRETED + " ";
    }

    /// @param tellsSize whether a serial line tells the guest the size of the user's window
    private int runPc(Boot boot, boolean tellsSize)
            throws CommandFailure,
                    AcceleratorException,
                    RamUnavailableException,
                    InterruptedException {
        Board board = board(boot);
        GuestRun run;
        Consoles consoles = console.open(surroundings, Pc.MAX_SERIAL_PORTS, tellsSize);
        consoles.monitor().add(engineCommand());
        try (consoles;
                Disks disks = disk.open(surroundings, firmware.cdroms());
                FirmwareOptions.Discs discs = firmware.open(this::tell)) {
            run =
                    Session.run(
                            () -> board.powerOn(consoles.outputs(), disks, discs),
                            new Session.Terms(
                                    limit.limit(),
                                    pc.reboots(),
                                    consoles::abandon,
                                    attendants(consoles)),
                            surroundings.interruption());
        }
        stats.report(board.engine().name(), run, surroundings.err());
        if (consoles.readerGone()) {
            return ExitCodes.OUTPUT_CLOSED;
        }
        return run.reason() instanceof StopReason.Reset && !run.timedOut()
                ? ExitCodes.OK
                : exitCode(run);
    }

    private int runExec(Boot boot)
            throws CommandFailure,
                    AcceleratorException,
                    RamUnavailableException,
                    InterruptedException {
        console.requireNone();
        Board board = board(boot);
        Interruption interruption = surroundings.interruption();
        ExecSession.Output output =
                new ExecSession.Output(
                        new OutputEnd(surroundings.out(), interruption::stopRunning),
                        new OutputEnd(surroundings.err(), interruption::stopRunning));
        ExecSession.Outcome outcome;
        try (Disks disks = disk.open(surroundings, firmware.cdroms());
                FirmwareOptions.Discs discs = firmware.open(this::tell)) {
            outcome =
                    ExecSession.run(
                            serial -> board.powerOn(serial, disks, discs),
                            output,
                            limit.limit(),
                            stats.attendants(),
                            interruption);
        }
        stats.report(board.engine().name(), outcome.run(), surroundings.err());
        if (outcome.readerGone()) {
            return ExitCodes.OUTPUT_CLOSED;
        }
        if (outcome.code().isPresent()) {
            return outcome.code().getAsInt();
        }
        surroundings.err().print(outcome.kernelsWords());
        if (ExecSession.endedEarly(outcome.run())) {
            throw CommandFailure.guest(
                    ExitCodes.GUEST,
                    "The guest ended before the command did. The last of what its kernel said is above.");
        }
        return exitCode(outcome.run());
    }

    private Command engineCommand() {
        Engines engines = new Engines(surroundings.engines().get(), surroundings.host());
        return EngineCommand.of(name -> {
            try {
                return stats.observing(engines.named(name));
            } catch (CommandFailure e) {
                throw new MonitorException(e.getMessage(), e);
            }
        });
    }

    /// Who measures sees a machine before who shows it.
    private List<Session.Attendant> attendants(Consoles consoles) {
        List<Session.Attendant> all = new ArrayList<>(stats.attendants());
        all.add(consoles);
        return all;
    }

    /// What a PC of this command line is made of.
    private record Board(
            Boot boot,
            AcceleratorProvider engine,
            long ramBytes,
            int vcpus,
            DeviceOptions devices) {

        Pc powerOn(List<ByteSink> serial, Disks disks, FirmwareOptions.Discs discs)
                throws AcceleratorException, RamUnavailableException {
            Pc.Config config =
                    new Pc.Config(
                            ramBytes,
                            MachineOptions.ram(),
                            vcpus,
                            serial,
                            ByteSink.NOWHERE,
                            System::nanoTime,
                            System.currentTimeMillis() / 1000);
            Pc machine = Pc.create(config, boot, engine);
            disks.attachTo(machine);
            discs.attachTo(machine);
            devices.attachTo(machine);
            return machine;
        }
    }

    private Board board(Boot boot) throws CommandFailure {
        int vcpus = pc.vcpus();
        long ramBytes = machine.ramBytes(boot);
        limit.limit();
        return new Board(
                boot,
                stats.observed(cpu.applyTo(engine.engine(surroundings)), surroundings.err()),
                ramBytes,
                vcpus,
                devices);
    }

    private void tell(String sentence) {
        surroundings.err().println("straddle: " + sentence);
    }

    private int exitCode(GuestRun run) throws CommandFailure {
        return switch (run.reason()) {
            case StopReason.PoweredOff(int code) -> code;
            case StopReason.Reset _ when run.timedOut() -> throw limit.reached();
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
