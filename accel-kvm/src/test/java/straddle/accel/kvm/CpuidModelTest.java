package straddle.accel.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class CpuidModelTest {
    private static final int AVX2 = 1 << 5;
    private static final int AVX512F = 1 << 16;

    /// x87, SSE, AVX and the three parts of AVX-512 state.
    private static final int STATES = 0xe7;

    private static final int STATES_WITHOUT_AVX512 = 7;

    @Test
    void aProcessorWithinAnotherOneLacksWhatThatLacks() {
        List<CpuidEntry> host =
                List.of(
                        new CpuidEntry(1, 0, 0, 0xa10f11, 0x800, 0x7eda_3203, 0x78bf_bff),
                        new CpuidEntry(7, 0, 1, 1, AVX2 | AVX512F, 0x40_5fce, 0x1000_0010),
                        new CpuidEntry(0xd, 0, 1, STATES, 2432, 2432, 0),
                        new CpuidEntry(0xd, 1, 1, 0xf, 2432, 0, 0),
                        new CpuidEntry(0xd, 6, 1, 512, 896, 0, 0));
        CpuidModel.Answers other =
                (leaf, subleaf) ->
                        switch (leaf << 8 | subleaf) {
                            case 0x700 -> new int[] {0, AVX2, 4, 0};
                            case 0xd00 -> new int[] {STATES_WITHOUT_AVX512, 832, 832, 0};
                            case 0xd01 -> new int[] {7, 832, 0, 0};
                            default -> new int[4];
                        };

        assertEquals(
                List.of(
                        host.getFirst(),
                        new CpuidEntry(7, 0, 1, 1, AVX2, 4, 0),
                        new CpuidEntry(0xd, 0, 1, STATES_WITHOUT_AVX512, 832, 832, 0),
                        new CpuidEntry(0xd, 1, 1, 7, 832, 0, 0),
                        new CpuidEntry(0xd, 6, 1, 0, 0, 0, 0)),
                CpuidModel.within(other, host));
    }
}
