package straddle.devices.block;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.SplittableRandom;

/// A process that writes the second MiB of an image at random until it is killed.
final class Scribbler {
    static final int FROM = 1 << 20;
    static final int TO = 2 << 20;

    private Scribbler() {}

    public static void main(String[] args) throws ImageException {
        SplittableRandom random = new SplittableRandom();
        try (RawImage image = RawImage.open(Path.of(args[0]), false, ImageLocker.NONE, _ -> {})) {
            byte[] bytes = new byte[64 << 10];
            for (long count = 0; ; count++) {
                random.nextBytes(bytes);
                int at = FROM + random.nextInt((TO - FROM - bytes.length) / 512) * 512;
                if (!image.write(at, MemorySegment.ofArray(bytes)).isOk()) {
                    throw new IllegalStateException("The write failed");
                }
                if (count == 100) {
                    System.out.println("writing");
                    System.out.flush();
                }
            }
        }
    }
}
