package straddle.accel.kvm;

import java.util.Arrays;
import java.util.Comparator;
import java.util.function.LongSupplier;

/// Decides for each address space whether its user code runs natively: it does when its recent slices were long
/// enough to repay what leaving native code costs.
///
/// Used by one vCPU's thread; allocates nothing after the first look at an address space.
final class Governor {
    /// What the translator executes in a nanosecond, and the processor: typical of both, measured on integer code.
    private static final double TRANSLATED_PER_NANO = 1;

    private static final double NATIVE_PER_NANO = 3;

    /// A slice counts as no more than so many thresholds, so that one long slice is soon forgotten.
    private static final int MOST_THRESHOLDS = 16;

    /// The weight of a slice in the moving average: 1 / 4.
    private static final int WEIGHT_SHIFT = 2;

    /// A native slice of so many exits' time is surely worth one.
    private static final int LONG_SLICE = 8;

    /// After so many that are shorter one is translated, which counts its instructions. Four times as many each time that
    /// speaks for native code, as the other way costs a program that computes between its system calls much.
    private static final int SAMPLE = 16;

    private static final int RAREST_SAMPLE = 1024;

    /// Shorter slices are not timed, nor those of programs whose slices are nowhere near the threshold.
    private static final int LEAST_TIMED = 10_000;

    private static final int NEAR = 4;

    /// The weight of a timed slice that was slower than those before: 1 / 8. What slows one down is not the code, as a rule.
    private static final int SLOWER_WEIGHT = 8;

    /// Where translated code is faster than it usually is, the processor is at least 2.5 times as fast: a slice that takes 1 / (1 - 1 / 2.5)
    /// times an exit's time repays one.
    private static final double REPAYING = 5.0 / 3;

    /// A slice that has taken so many times as long, and goes on, is a long one.
    private static final int SURELY = 2;

    private static final long NOT_TIMED = 0;

    private static final int MOST_DESCRIBED = 20;

    private static final int SPACES = 1024;

    /// A system property that sends all user code to the processor, for tests and measurements.
    private static final String ALWAYS = "straddle.hybrid.always";

    private final boolean always = Boolean.getBoolean(ALWAYS);
    private final LongSupplier clock;
    private final long threshold;
    private final double exitNanos;
    private final double systemCallNanos;
    private final Space[] spaces = new Space[SPACES];
    private Space last = new Space(-1);

    /// When the translated slice that runs began.
    private long timedSince = NOT_TIMED;

    private long toNative;
    private long toTranslated;

    /// One address space.
    private static final class Space {
        final long addressSpace;

        /// Of the lengths of its slices, in what the translator usually executes in a nanosecond.
        long average;

        /// The length of the slice that runs, so far.
        long begun;

        /// Of its translated code, in instructions a nanosecond; 0 while it is not known.
        double speed;

        boolean isNative;
        boolean hasRun;

        /// Short native slices since one was last translated, to be counted.
        int shortSlices;

        int sampleEvery = SAMPLE;

        long translatedSlices;
        long nativeSlices;
        long exits;
        long nativeNanos;
        int decisions;

        Space(long addressSpace) {
            this.addressSpace = addressSpace;
        }
    }

    /// @param exitMicros what it costs to leave native code by an exception and to enter it again, in µs
    /// @param systemCallMicros the same for a system call
    Governor(double exitMicros, double systemCallMicros) {
        this(exitMicros, systemCallMicros, System::nanoTime);
    }

    /// @param clock in ns
    Governor(double exitMicros, double systemCallMicros, LongSupplier clock) {
        this.clock = clock;
        systemCallNanos = systemCallMicros * 1000;
        exitNanos = exitMicros * 1000;
        threshold = (long) (exitNanos * TRANSLATED_PER_NANO);
    }

    /// Slices at least this long repay an exit, in instructions.
    long threshold() {
        return threshold;
    }

    boolean wantsNative(long addressSpace) {
        Space space = space(addressSpace);
        boolean wanted = always || space.isNative && space.shortSlices < space.sampleEvery;
        boolean near = !wanted && space.average + space.begun > threshold / NEAR;
        timedSince = near ? clock.getAsLong() : NOT_TIMED;
        return wanted;
    }

    /// Whether its code has run natively.
    boolean hasRun(long addressSpace) {
        return space(addressSpace).hasRun;
    }

    /// The address space is another one now, with the same CR3.
    void forget(long addressSpace) {
        Space space = space(addressSpace);
        space.average = 0;
        space.speed = 0;
        space.begun = 0;
        space.isNative = false;
        space.hasRun = false;
        space.shortSlices = 0;
        space.sampleEvery = SAMPLE;
    }

    /// A slice ran translated.
    void translated(long addressSpace, long instructions) {
        Space space = space(addressSpace);
        space.translatedSlices++;
        space.shortSlices = 0;
        if (space.isNative && instructions > threshold) {
            space.sampleEvery = Math.min(4 * space.sampleEvery, RAREST_SAMPLE);
        } else {
            space.sampleEvery = SAMPLE;
        }
        add(space, space.begun + length(space, instructions));
        space.begun = 0;
    }

    /// A slice runs translated, and has not ended. The first such part has the next one timed.
    void goesOnTranslated(long addressSpace, long instructions) {
        Space space = space(addressSpace);
        long length = length(space, instructions);
        space.begun += space.speed == 0 ? threshold : length;
        if (space.begun > SURELY * repaying(space)) {
            space.translatedSlices++;
            space.shortSlices = 0;
            space.begun = 0;
            add(space, Long.MAX_VALUE);
        }
    }

    /// Of a part of a slice: shorter than its instructions, where translated code is faster than usual.
    private long length(Space space, long instructions) {
        if (timedSince != NOT_TIMED) {
            time(space, instructions, clock.getAsLong() - timedSince);
            timedSince = NOT_TIMED;
        }
        return (long) (instructions / Math.max(space.speed, TRANSLATED_PER_NANO));
    }

    private static void time(Space space, long instructions, long nanos) {
        if (instructions >= LEAST_TIMED && nanos > 0) {
            double speed = (double) instructions / nanos;
            double more = speed - space.speed;
            space.speed += more > 0 ? more : more / SLOWER_WEIGHT;
        }
    }

    /// The length of slices that are as fast translated as natively with an exit: the threshold, unless it is known better.
    private double repaying(Space space) {
        return space.speed > TRANSLATED_PER_NANO ? threshold * REPAYING : threshold;
    }

    /// A slice ran natively. One that took long computed long; what a short one did nobody knows, as pages that the
    /// processor has to look up anew take time, too: it is not held in its favour.
    ///
    /// @param exits in between and at the end
    /// @param systemCall whether the last one was a system call
    void ranNatively(long addressSpace, long nanos, int exits, boolean systemCall) {
        Space space = space(addressSpace);
        space.hasRun = true;
        int departures = Math.max(1, exits); // one that was kicked out left, too
        space.nativeSlices++;
        space.exits += departures;
        space.nativeNanos += nanos;
        double left = departures * exitNanos + (systemCall ? systemCallNanos - exitNanos : 0);
        double useful = Math.max(0, nanos - left);
        long instructions = (long) (useful * NATIVE_PER_NANO / departures);
        if (useful > LONG_SLICE * exitNanos * departures) {
            space.shortSlices = 0;
            add(space, instructions);
        } else {
            space.shortSlices++;
            add(space, Math.min(instructions, space.average));
        }
    }

    private void add(Space space, long instructions) {
        long counted = Math.min(instructions, MOST_THRESHOLDS * threshold);
        space.average += counted - space.average >> WEIGHT_SHIFT;
        boolean repays =
                space.isNative ? space.average > threshold / 2 : space.average > repaying(space);
        if (repays != space.isNative) {
            space.isNative = repays;
            space.decisions++;
            HybridDecisionEvent.commit(space.addressSpace, repays, space.average);
            if (repays) {
                toNative++;
            } else {
                toTranslated++;
            }
        }
    }

    /// The address spaces that used native code most, in lines for a reader.
    String describe() {
        StringBuilder text = new StringBuilder();
        text.append(
                "Leaving user code on the processor costs %.1f us here, which slices of %,d instructions repay.%n"
                        .formatted(exitNanos / 1000, threshold));
        text.append(
                "%-12s  %-10s  %12s  %10s  %10s  %10s  %11s  %s%n"
                        .formatted(
                                "page table",
                                "now",
                                "average",
                                "translated",
                                "native",
                                "exits",
                                "native time",
                                "decisions"));
        Arrays.stream(spaces)
                .filter(space -> space != null)
                .sorted(
                        Comparator.<Space>comparingLong(space -> -space.nativeNanos)
                                .thenComparingLong(space -> -space.translatedSlices))
                .limit(MOST_DESCRIBED)
                .forEach(space -> text.append(line(space)));
        return text.toString();
    }

    private static String line(Space space) {
        return "%12x  %-10s  %,12d  %,10d  %,10d  %,10d  %,8d ms  %d%n"
                .formatted(
                        space.addressSpace,
                        space.isNative ? "native" : "translated",
                        space.average,
                        space.translatedSlices,
                        space.nativeSlices,
                        space.exits,
                        space.nativeNanos / 1_000_000,
                        space.decisions);
    }

    private Space space(long addressSpace) {
        Space there = last;
        if (there.addressSpace == addressSpace) {
            return there;
        }
        // PAE paging has its highest tables in parts of a page.
        int at = (int) (addressSpace >>> 12 ^ addressSpace >>> 5) & SPACES - 1;
        there = spaces[at];
        if (there == null || there.addressSpace != addressSpace) {
            there = new Space(addressSpace);
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
