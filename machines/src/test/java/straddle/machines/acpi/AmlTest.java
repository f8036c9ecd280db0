package straddle.machines.acpi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class AmlTest {
    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    @Test
    void integersTakeTheirShortestForm() {
        assertEquals("00", hex(Aml.integer(0)));
        assertEquals("01", hex(Aml.integer(1)));
        assertEquals("0aff", hex(Aml.integer(255)));
        assertEquals("0b0001", hex(Aml.integer(256)));
        assertEquals("0c00000100", hex(Aml.integer(0x1_0000)));
        assertEquals("0effffffffffffffff", hex(Aml.integer(-1)));
    }

    @Test
    void plugAndPlayIdsAreCompressed() {
        assertEquals("0c41d00501", hex(Aml.eisaId("PNP0501")));
        assertEquals("0c41d00a03", hex(Aml.eisaId("PNP0A03")));
    }

    @Test
    void lengthsCountThemselves() {
        assertEquals(
                "1007" + "5c5f53425f" + "00", hex(Aml.scope("\\_SB_", List.of(Aml.integer(0)))));
        String large = hex(Aml.buffer(new byte[70]));
        assertEquals("114a04" + "0a46", large.substring(0, 10));
        String larger = hex(Aml.buffer(new byte[5000]));
        assertEquals("118e3801" + "0b8813", larger.substring(0, 14));
    }

    @Test
    void namesHaveOneOrTwoSegments() {
        assertEquals("082e5f53425f5f48494401", hex(Aml.named("_SB_._HID", Aml.integer(1))));
        assertThrows(IllegalArgumentException.class, () -> Aml.named("SB", Aml.integer(1)));
    }

    @Test
    void packagesCountTheirElements() {
        assertEquals("1204020001", hex(Aml.pack(List.of(Aml.integer(0), Aml.integer(1)))));
    }

    @Test
    void resourcesEndWithATag() {
        assertEquals(
                "11100a0d" + "4701f803f8030108" + "221000" + "7900",
                hex(Resources.template(List.of(Resources.ports(0x3f8, 8), Resources.irq(4)))));
    }
}
