package straddle.core.bus;

import java.util.ArrayList;
import java.util.List;

/// A device that notes what it is asked and answers each byte with its offset.
final class Echo implements IoDevice {
    final List<String> asked = new ArrayList<>();
    private final int widths;

    Echo(int widths) {
        this.widths = widths;
    }

    @Override
    public int widths() {
        return widths;
    }

    @Override
    public long read(int offset, int width) {
        asked.add("r" + width + "@" + offset);
        long value = 0;
        for (int i = 0; i < width; i++) {
            value |= (long) (offset + i) << 8 * i;
        }
        return value;
    }

    @Override
    public void write(int offset, int width, long value) {
        asked.add("w%d@%d=%x".formatted(width, offset, value));
    }
}
