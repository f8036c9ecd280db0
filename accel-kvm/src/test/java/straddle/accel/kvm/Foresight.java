package straddle.accel.kvm;

import straddle.core.vcpu.Rehearsal;

/// Foresees one instruction of three bytes, after which nothing differs.
interface Foresight extends Rehearsal {
    /// Foresees the end of a piece of code, and says what is to be found there.
    record Prophecy(long end, String difference) implements Foresight {}

    @Override
    default Obstacle rehearse(int most) {
        return Obstacle.NONE;
    }

    @Override
    default long instructions() {
        return 1;
    }

    @Override
    default long end() {
        return HandmadeTranslator.USER + 3;
    }

    @Override
    default String difference() {
        return "";
    }

    @Override
    default String report() {
        return "";
    }
}
