package straddle.devices.block;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/// A process that writes a sector of an image at each offset given, and says how that ended.
final class Writes {
    private Writes() {}

    public static void main(String[] args) throws ImageException {
        try (RawImage image =
                RawImage.open(Path.of(args[0]), false, ImageLocker.NONE, Writes::say)) {
            for (int i = 1; i < args.length; i++) {
                MemorySegment sector = MemorySegment.ofArray(new byte[512]);
                say(image.write(Long.parseLong(args[i]), sector).name());
            }
        }
    }

    private static void say(String line) {
        System.out.println(line);
    }
}
