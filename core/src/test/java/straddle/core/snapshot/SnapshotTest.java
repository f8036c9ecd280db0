package straddle.core.snapshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SnapshotTest {
    private static byte[] written() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        SnapshotWriter out = SnapshotWriter.to(bytes);
        out.putLong("long", Long.MIN_VALUE);
        out.putInt("int", -3);
        out.putBoolean("yes", true);
        out.putString("text", "größer als 0 €");
        out.putBytes("bytes", new byte[] {1, 2, -1});
        out.putLongs("longs", new long[] {-1, 0x0123_4567_89ab_cdefL});
        out.putInts("ints", new int[] {-1, 7});
        out.putSection("part", 4, new Part());
        return bytes.toByteArray();
    }

    private static final class Part implements Snapshotable {
        @Override
        public void save(SnapshotWriter out) {
            out.putInt("inner", 5);
            out.putSection("deeper", 1, new Leaf());
        }

        @Override
        public void restore(SnapshotReader in) {}
    }

    private static final class Leaf implements Snapshotable {
        @Override
        public void save(SnapshotWriter out) {
            out.putInt("leaf", 6);
        }

        @Override
        public void restore(SnapshotReader in) {}
    }

    private static SnapshotReader read(byte[] bytes) throws SnapshotException {
        return SnapshotReader.from(new ByteArrayInputStream(bytes));
    }

    private static String refusal(byte[] bytes) {
        return assertThrows(SnapshotException.class, () -> read(bytes)).getMessage();
    }

    @Test
    void everyTypeReadsBack() throws SnapshotException {
        SnapshotReader in = read(written());
        assertEquals(Long.MIN_VALUE, in.getLong("long"));
        assertEquals(-3, in.getInt("int"));
        assertTrue(in.getBoolean("yes"));
        assertEquals("größer als 0 €", in.getString("text"));
        assertArrayEquals(new byte[] {1, 2, -1}, in.getBytes("bytes"));
        assertArrayEquals(new long[] {-1, 0x0123_4567_89ab_cdefL}, in.getLongs("longs", 2));
        assertArrayEquals(new int[] {-1, 7}, in.getInts("ints", 2));
        assertEquals(4, in.section("part").version());
        assertEquals(5, in.section("part").getInt("inner"));
        assertEquals(6, in.section("part").section("deeper").getInt("leaf"));
        assertTrue(in.has("int"));
        assertFalse(in.has("inner"));
    }

    @Test
    void whatIsMissingOrOfAnotherTypeIsNamed() throws SnapshotException {
        SnapshotReader part = read(written()).section("part");
        assertEquals(
                "The snapshot lacks part.outer as a Long.",
                assertThrows(SnapshotException.class, () -> part.getLong("outer")).getMessage());
        assertThrows(SnapshotException.class, () -> part.getString("inner"));
    }

    @Test
    void valuesOutOfRangeAreNamed() throws SnapshotException {
        SnapshotReader part = read(written()).section("part");
        assertEquals(
                "The snapshot is damaged: part.inner is 5, not 0 to 3.",
                assertThrows(SnapshotException.class, () -> part.getInt("inner", 0, 3))
                        .getMessage());
        SnapshotReader in = read(written());
        assertThrows(SnapshotException.class, () -> in.getInt("long"));
        assertThrows(SnapshotException.class, () -> in.getBoolean("int"));
        assertThrows(SnapshotException.class, () -> in.getLongs("longs", 3));
    }

    @Test
    void somethingElseIsNoSnapshot() {
        assertTrue(refusal(new byte[100]).startsWith("This is no Straddle snapshot"));
        assertTrue(refusal(new byte[0]).startsWith("This is no Straddle snapshot"));
    }

    @Test
    void anotherFormatVersionIsRefused() {
        byte[] bytes = written();
        bytes[11] = 9;
        assertTrue(refusal(bytes).startsWith("The snapshot has format version 9"));
    }

    @Test
    void truncationIsNoticedUnlessItLeavesWholeFields() {
        byte[] bytes = written();
        assertEquals(
                "The snapshot ends early: the file is truncated.",
                refusal(Arrays.copyOf(bytes, bytes.length - 1)));
        assertEquals(
                "The snapshot ends early: the file is truncated.",
                refusal(Arrays.copyOf(bytes, 30 - 13)));
    }

    @Test
    void aStraySectionEndIsDamage() {
        byte[] bytes = Arrays.copyOf(written(), written().length + 1);
        bytes[bytes.length - 1] = ']';
        assertEquals("The snapshot is damaged: there is no type of field 93.", refusal(bytes));
    }

    @Test
    void aFieldThatStandsTwiceIsDamage() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        SnapshotWriter out = SnapshotWriter.to(bytes);
        out.putInt("a", 1);
        out.putInt("a", 2);
        assertTrue(refusal(bytes.toByteArray()).contains("a stands twice"));
    }

    @Test
    void endlessNestingIsDamage() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        SnapshotWriter.to(bytes);
        for (int i = 0; i < 1000; i++) {
            bytes.writeBytes(new byte[] {'[', 0, 1, 'a', 0, 0, 0, 1});
        }
        assertTrue(refusal(bytes.toByteArray()).contains("nest deeper"));
    }

    @Test
    void aHugeLengthIsTruncationNotMemory() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        SnapshotWriter.to(bytes);
        bytes.writeBytes(new byte[] {'B', 0, 1, 'a', 0x7f, -1, -1, -1, 0});
        assertTrue(refusal(bytes.toByteArray()).contains("truncated"));
        bytes.reset();
        SnapshotWriter.to(bytes);
        bytes.writeBytes(new byte[] {'B', 0, 1, 'a', -1, -1, -1, -1, 0});
        assertTrue(refusal(bytes.toByteArray()).contains("truncated"));
    }

    @Test
    void damageIsReadOrRefusedButNeverWorse() {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        byte[] good = written();
        for (int i = 0; i < 3_000; i++) {
            byte[] bad = good.clone();
            for (int flips = random.nextInt(1, 5); flips > 0; flips--) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt();
            }
            assertTrue(isReadOrRefused(bad), () -> "seed " + seed);
        }
    }

    private static boolean isReadOrRefused(byte[] bytes) {
        try {
            read(bytes);
            return true;
        } catch (SnapshotException e) {
            return e.getMessage().endsWith(".");
        }
    }

    @Test
    void aFullDiskIsReported() {
        OutputStream full =
                new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException("No space left on device");
                    }
                };
        assertThrows(UncheckedIOException.class, () -> SnapshotWriter.to(full));
    }
}
