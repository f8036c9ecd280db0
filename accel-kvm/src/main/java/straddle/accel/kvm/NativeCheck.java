package straddle.accel.kvm;

import java.lang.foreign.ValueLayout;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import straddle.core.arch.x86.X86;
import straddle.core.memory.AddressSpace;
import straddle.core.memory.Region;
import straddle.core.vcpu.Exit;
import straddle.core.vcpu.Rehearsal;
import straddle.core.vcpu.Rehearsal.Obstacle;
import straddle.core.vcpu.Statistics;
import straddle.core.vcpu.TranslatedVcpu;
import straddle.core.vcpu.UserState;

/// Checks native slices against the interpreter: it goes through the slice's beginning first, takes that back, and an
/// INT3 where it came to stops the processor at the same place. The processor is the translator's oracle so,
/// in a real system.
///
/// Devices wait meanwhile, on the machine lock. One vCPU's thread.
final class NativeCheck {
    /// Instructions that a slice is checked for at most. A loop goes on natively after its first round.
    private static final int MOST = 10_000;

    private static final byte INT3 = (byte) 0xcc;

    /// So many instructions take microseconds; interrupts wait for them.
    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final TranslatedVcpu soft;
    private final Rehearsal rehearsal;
    private final UserTables tables;
    private final AddressSpace memory;
    private final int percent;

    private boolean underWay;
    private Region.Ram patched;
    private long patchedAt;
    private byte original;
    private long start;

    /// Hundredths of slices that have still to be checked: one that can't be leaves its turn to the next. Begins with
    /// so much that no more than these are ever left over.
    private long owed;

    /// When the next is due: not at even distances, which a program's own rhythm may share.
    private long due = 100;

    private final Random distances = new Random(1);

    private long slices;
    private long checked;
    private long instructions;
    private long interrupted;
    private final Map<Obstacle, Long> obstacles = new EnumMap<>(Obstacle.class);

    /// @param percent of all slices to check, as far as so many can be: 1 to 100
    NativeCheck(TranslatedVcpu soft, UserTables tables, AddressSpace memory, int percent) {
        this.soft = soft;
        this.tables = tables;
        this.memory = memory;
        this.percent = percent;
        owed = 200L - percent;
        rehearsal = soft.rehearsal();
    }

    /// Whether the processor is on its way to a place that was foreseen.
    boolean isUnderWay() {
        return underWay;
    }

    /// In front of a slice, whose state the translator has.
    void begin() {
        slices++;
        owed += percent;
        if (owed < due) {
            return;
        }
        memory.lock().lock();
        Obstacle obstacle = rehearsal.rehearse(MOST);
        if (obstacle == Obstacle.NONE) {
            underWay = true;
            start = System.nanoTime();
        } else {
            obstacles.merge(obstacle, 1L, Long::sum);
            memory.lock().unlock();
        }
    }

    /// Puts the INT3 in place, once the address space that the slice runs in is known.
    void arm(UserState user) {
        if (!underWay || patched != null) {
            return;
        }
        long end =
                user.is64()
                        ? rehearsal.end()
                        : rehearsal.end() + user.segments[X86.CS].base & 0xffff_ffffL;
        long entry =
                soft.touch(end, false, true) && tables.fill(end, false) ? tables.granted(end) : 0;
        if ((entry & UserTables.PRESENT) == 0
                || !(memory.at(entry & UserTables.ADDRESS) instanceof Region.Ram ram)) {
            abandon();
            return;
        }
        patched = ram;
        patchedAt = (entry & UserTables.ADDRESS) + (end & 4095) - ram.gpa() + ram.offset();
        original = ram.block().bytes().get(ValueLayout.JAVA_BYTE, patchedAt);
        ram.block().bytes().set(ValueLayout.JAVA_BYTE, patchedAt, INT3);
    }

    /// Whether a stop of the processor's with an exception, in front of an instruction, is the one that was foreseen.
    boolean isEnd(long rip) {
        return underWay && rip == rehearsal.end();
    }

    long end() {
        return rehearsal.end();
    }

    /// Whether it should have come to the end long ago.
    boolean isLate() {
        return underWay && System.nanoTime() - start > LIMIT_NANOS;
    }

    /// The processor came to the end, and the translator has its state: compares.
    ///
    /// @return null if nothing differs
    Exit compare() {
        stop();
        String difference = rehearsal.difference();
        if (!difference.isEmpty()) {
            return differs("they differ in " + difference);
        }
        checked++;
        owed -= 100;
        due = 100L + distances.nextInt(101 - percent);
        instructions += rehearsal.instructions();
        return null;
    }

    /// The processor went elsewhere, and the translator has its state.
    ///
    /// @param how it left user code, in words
    Exit lost(String how) {
        stop();
        String difference = rehearsal.difference();
        return differs(
                "natively it ends with %s, where 0x%x was foreseen (%s)"
                        .formatted(how, rehearsal.end(), difference));
    }

    private Exit differs(String how) {
        return new Exit.Unhandled(
                "The processor and the interpreter disagree after %,d instructions: %s."
                        .formatted(rehearsal.instructions(), how),
                rehearsal.report());
    }

    /// Something came between that has nothing to do with either.
    void abandon() {
        if (underWay) {
            interrupted++;
            stop();
        }
    }

    private void stop() {
        if (patched != null) {
            patched.block().bytes().set(ValueLayout.JAVA_BYTE, patchedAt, original);
            patched = null;
        }
        if (underWay) {
            underWay = false;
            memory.lock().unlock();
        }
    }

    void statistics(Statistics to) {
        to.count("verification", "slices on the processor", slices);
        to.count("verification", "slices checked", checked);
        to.count("verification", "instructions checked", instructions);
        to.count("verification", "slices left before their check ended", interrupted);
        obstacles.forEach((obstacle, count) ->
                to.count("verification", "slices that began with " + obstacle.text(), count));
    }
}
