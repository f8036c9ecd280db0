package straddle.launcher.session;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import straddle.core.accel.AcceleratorException;
import straddle.core.accel.AcceleratorProvider;
import straddle.core.memory.RamAllocator;
import straddle.core.memory.RamUnavailableException;
import straddle.core.vcpu.ExitCounts;
import straddle.core.vcpu.Statistics;
import straddle.core.vcpu.StopReason;
import straddle.devices.ByteSink;
import straddle.machines.embedded.EmbeddedGuest;
import straddle.machines.embedded.PhaseObserver;
import straddle.machines.pc.MinimalPc;

/// One run of a guest, from power-on until it has stopped and everything is freed.
///
/// @param reason why it stopped; [StopReason.Requested] when the time limit or an interruption ended it
/// @param timedOut whether the limit did
/// @param nanos from start to stop
/// @param exits of all vCPUs, by kind; only kinds that occurred
/// @param instructions retired, or -1 where the engine can't count them
/// @param statistics what engine and vCPUs have to say
public record GuestRun(
        StopReason reason,
        boolean timedOut,
        long nanos,
        Map<ExitCounts.Kind, Long> exits,
        long instructions,
        Statistics statistics) {

    /// What a run of the built-in guest's kind is given beyond guest and engine.
    ///
    /// @param limit after which it is stopped; zero for none
    /// @param hook misbehaviour asked of the built-in guest; 0 for none
    /// @param attendants who goes with it
    public record Setting(
            long ramBytes,
            RamAllocator ram,
            ByteSink serial,
            Duration limit,
            int hook,
            List<Session.Attendant> attendants) {

        /// With nobody to go with it.
        public Setting(long ramBytes, RamAllocator ram, ByteSink serial, Duration limit, int hook) {
            this(ramBytes, ram, serial, limit, hook, List.of());
        }
    }

    /// Runs a guest of the built-in one's kind to its end. A reset ends it, too.
    ///
    /// @throws AcceleratorException if the engine can't be had
    /// @throws RamUnavailableException if the memory can't
    public static GuestRun of(
            EmbeddedGuest guest,
            AcceleratorProvider engine,
            Setting setting,
            PhaseObserver observer,
            Interruption interruption)
            throws AcceleratorException, RamUnavailableException, InterruptedException {
        MinimalPc.Config config =
                new MinimalPc.Config(
                        setting.ramBytes(),
                        setting.ram(),
                        setting.serial(),
                        System::nanoTime,
                        observer,
                        setting.hook());
        Runnable letGo =
                setting.serial() instanceof SerialOutput serial ? serial::abandon : () -> {};
        return Session.run(
                () -> MinimalPc.create(config, guest, engine),
                new Session.Terms(setting.limit(), false, letGo, setting.attendants()),
                interruption);
    }
}
