package straddle.linux.user;

/// How a thread wants to be scheduled. The host's threads are all scheduled alike: this is what it is told of itself.
///
/// @param policy of sched(7)
/// @param forgets whether its children begin with [#DEFAULT] instead (SCHED_RESET_ON_FORK)
/// @param nice -20 to 19
/// @param priority 1 to 99 of the real-time policies, otherwise 0
record Scheduling(int policy, boolean forgets, int nice, int priority) {
    static final int OTHER = 0;
    static final int FIFO = 1;
    static final int ROUND_ROBIN = 2;
    static final int BATCH = 3;
    static final int IDLE = 5;
    static final int DEADLINE = 6;
    static final int HIGHEST_NICE = 19;
    static final int LOWEST_NICE = -20;
    static final int MOST_PRIORITY = 99;
    static final Scheduling DEFAULT = new Scheduling(OTHER, false, 0, 0);

    static boolean isRealTime(int policy) {
        return policy == FIFO || policy == ROUND_ROBIN;
    }

    static boolean isKnown(int policy) {
        return policy >= OTHER && policy <= BATCH || policy == IDLE || policy == DEADLINE;
    }

    static int nearestNice(int nice) {
        return Math.clamp(nice, LOWEST_NICE, HIGHEST_NICE);
    }

    Scheduling withNice(int other) {
        return new Scheduling(policy, forgets, other, priority);
    }

    /// What a child begins with.
    Scheduling ofChild() {
        if (!forgets) {
            return this;
        }
        return new Scheduling(isRealTime(policy) ? OTHER : policy, false, Math.max(nice, 0), 0);
    }

    /// Whether only a privileged process may go over to another.
    boolean needsPrivilege(Scheduling to) {
        boolean urgent = isRealTime(to.policy) && (to.policy != policy || to.priority > priority);
        boolean wakes = policy == IDLE && to.policy != IDLE;
        return urgent || to.nice < nice || wakes && nice > 0 || forgets && !to.forgets;
    }
}
