package straddle.tcg.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static straddle.core.arch.x86.X86.*;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MsrValuesTest {
    private final MsrValues msrs = new MsrValues();

    @Test
    void aRegisterThatWasNeverWrittenHasTheValueThatIsAskedFor() {
        assertEquals(7, msrs.get(MSR_STAR, 7));
        msrs.put(MSR_STAR, 0);
        assertEquals(0, msrs.get(MSR_STAR, 7));
    }

    @Test
    void hundredsOfRegistersKeepTheirValues() {
        Map<Integer, Long> expected = new HashMap<>();
        for (int i = 0; i < 600; i++) {
            int number = i % 3 == 0 ? i : 0xc000_0000 + i;
            msrs.put(number, i);
            expected.put(number, (long) i);
        }
        Map<Integer, Long> found = new HashMap<>();
        msrs.addTo(found);
        assertEquals(expected, found);
        MsrValues copy = new MsrValues();
        copy.putAll(found);
        expected.forEach((number, value) -> assertEquals(value, copy.get(number, -1)));
        copy.clear();
        assertEquals(-1, copy.get(0, -1));
    }
}
