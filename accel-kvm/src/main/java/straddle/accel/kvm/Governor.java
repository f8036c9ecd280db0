package straddle.accel.kvm;

/// Decides for each address space whether its user code runs natively: it does when its recent slices were long
/// enough to repay what leaving native code costs.
///
/// Used by one vCPU's thread; allocates nothing after the first look at an address space.
final class Governor {
    /// What the translator executes in a nanosecond, and the processor: typical of both, measured on integer code.
    private static final double TRANSLATED_PER_NANO = 0.3;

    private static final double NATIVE_PER_NANO = 3;

    /// A slice counts as no more than so many thresholds, so that one long slice is soon forgotten.
    private static final int MOST_THRESHOLDS = 16;

    /// The weight of a slice in the moving average: 1 / 4.
    private static final int WEIGHT_SHIFT = 2;

    private static final int SPACES = 1024;

    /// A system property that sends all user code to the processor, for tests and measurements.
    private static final String ALWAYS = "straddle.hybrid.always";

    private final boolean always = Boolean.getBoolean(ALWAYS);
    private final long threshold;
    private final double exitNanos;
    private final Space[] spaces = new Space[SPACES];
    private Space last = new Space(-1);
    private long toNative;
    private long toTranslated;

    private static final class Space {
        final long cr3;

        /// Of the lengths of its slices, in instructions.
        long average;

        boolean isNative;
        boolean hasRun;

        Space(long cr3) {
            this.cr3 = cr3;
        }
    }

    /// @param exitMicros what it costs to leave native code and to enter it again, in µs
    Governor(double exitMicros) {
        exitNanos = exitMicros * 1000;
        threshold = (long) (exitNanos * TRANSLATED_PER_NANO);
    }

    /// Slices at least this long repay an exit, in instructions.
    long threshold() {
        return threshold;
    }

    boolean wantsNative(long cr3) {
        return always || space(cr3).isNative;
    }

    /// Whether its code has run natively.
    boolean hasRun(long cr3) {
        return space(cr3).hasRun;
    }

    /// The address space is another one now, with the same CR3.
    void forget(long cr3) {
        Space space = space(cr3);
        space.average = 0;
        space.isNative = false;
        space.hasRun = false;
    }

    /// A slice ran translated.
    void translated(long cr3, long instructions) {
        add(space(cr3), instructions);
    }

    /// A slice ran natively.
    ///
    /// @param exits in between and at the end
    void ranNatively(long cr3, long nanos, int exits) {
        Space space = space(cr3);
        space.hasRun = true;
        int departures = Math.max(1, exits); // one that was kicked out left, too
        double useful = Math.max(0, nanos - departures * exitNanos);
        add(space, (long) (useful * NATIVE_PER_NANO / departures));
    }

    private void add(Space space, long instructions) {
        long counted = Math.min(instructions, MOST_THRESHOLDS * threshold);
        space.average += counted - space.average >> WEIGHT_SHIFT;
        boolean repays = space.isNative ? space.average > threshold / 2 : space.average > threshold;
        if (repays != space.isNative) {
            space.isNative = repays;
            if (repays) {
                toNative++;
            } else {
                toTranslated++;
            }
        }
    }

    private Space space(long cr3) {
        Space there = last;
        if (there.cr3 == cr3) {
            return there;
        }
        int at = (int) (cr3 >>> 12) & SPACES - 1;
        there = spaces[at];
        if (there == null || there.cr3 != cr3) {
            there = new Space(cr3);
            spaces[at] = there;
        }
        last = there;
        return there;
    }

    /// Decisions for native code.
    long toNative() {
        return toNative;
    }

    /// Decisions against it, after one for it.
    long toTranslated() {
        return toTranslated;
    }
}
