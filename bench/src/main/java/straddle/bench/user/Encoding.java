package straddle.bench.user;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;

/// An instruction's encoding as its row in a manual's notation: fields from the top bit down, separated by spaces, each either
/// bits or a name.
final class Encoding {
    private record Field(String name, int low, int width) {}

    private final List<Field> fields = new ArrayList<>();
    private int fixed;

    /// @param width of a named field, in bits
    Encoding(String pattern, ToIntFunction<String> width) {
        int at = 32;
        for (String part : pattern.split(" ", -1)) {
            if (part.matches("[01]+")) {
                at -= part.length();
                fixed |= Integer.parseUnsignedInt(part, 2) << at;
            } else {
                int bits = width.applyAsInt(part);
                at -= bits;
                fields.add(new Field(part, at, bits));
            }
        }
        if (at != 0) {
            throw new IllegalArgumentException("Not 32 bits: " + pattern);
        }
    }

    boolean has(String name) {
        return fields.stream().anyMatch(field -> field.name.equals(name));
    }

    /// @param value of a field by name; its upper bits are dropped
    int encode(ToIntFunction<String> value) {
        int insn = fixed;
        for (Field field : fields) {
            insn |= (value.applyAsInt(field.name) & (int) ((1L << field.width) - 1)) << field.low;
        }
        return insn;
    }
}
