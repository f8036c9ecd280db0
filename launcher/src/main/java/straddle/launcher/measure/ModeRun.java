package straddle.launcher.measure;

import java.util.List;
import java.util.Map;
import straddle.core.vcpu.ExitCounts;

/// What one run of the phases showed.
///
/// @param exits of the whole run, boot included, by kind; only kinds that occurred
public record ModeRun(List<PhaseTime> times, Map<ExitCounts.Kind, Long> exits) {}
