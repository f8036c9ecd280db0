package straddle.tcg.op;

import java.util.Arrays;

/// Where an indirect jump was seen to go, in its first executions: what its region gets direct jumps to.
public final class Observed {
    private static final int MAX_TARGETS = 32;
    private static final int OBSERVATIONS = 2_000;

    private long[] targets = {};
    private int observations;

    public Observed() {}

    public void note(long target) {
        if (observations < OBSERVATIONS) {
            observations++;
            add(target);
        }
    }

    private void add(long target) {
        for (long seen : targets) {
            if (seen == target) {
                return;
            }
        }
        if (targets.length < MAX_TARGETS) {
            long[] more = Arrays.copyOf(targets, targets.length + 1);
            more[targets.length] = target;
            targets = more;
        }
    }

    public long[] targets() {
        return targets;
    }
}
