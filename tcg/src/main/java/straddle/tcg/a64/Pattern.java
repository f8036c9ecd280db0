package straddle.tcg.a64;

import java.util.ArrayList;
import java.util.List;

/// An encoding as the manual writes it, from bit 31 on: fixed bits and named fields, whose widths follow a colon
/// unless the name implies them.
///
/// @param text the manual's line
/// @param mask which bits are fixed
/// @param bits what they are
/// @param sizes the element sizes that a vector instruction allows, as [Simd] says; empty for no such restriction
/// @param fields from the left
public record Pattern(String text, int mask, int bits, String sizes, List<Field> fields) {

    /// @param low the lowest bit's number
    public record Field(String name, int low, int width) {
        public int of(int word) {
            return word >>> low & (1 << width) - 1;
        }
    }

    /// Where a vector instruction says the size of its elements.
    private static final String SIZE = "size";

    private static final String SZ = "sz";
    private static final String IMMH = "immh";

    private static final int Q = 1 << 30;

    public static Pattern of(String text, String sizes) {
        int mask = 0;
        int bits = 0;
        int at = 32;
        List<Field> fields = new ArrayList<>();
        for (int i = 0; i < text.length(); ) {
            int end = text.indexOf(' ', i);
            end = end < 0 ? text.length() : end;
            char first = text.charAt(i);
            if (first == '0' || first == '1') {
                for (; i < end; i++) {
                    at--;
                    mask |= 1 << at;
                    bits |= text.charAt(i) - '0' << at;
                }
            } else {
                Field field = field(text.substring(i, end), at);
                at = field.low;
                fields.add(field);
            }
            i = end + 1;
        }
        if (at != 0) {
            throw new IllegalArgumentException(at + " bits are left over in " + text);
        }
        return new Pattern(text, mask, bits, sizes, List.copyOf(fields));
    }

    private static Field field(String token, int end) {
        int colon = token.indexOf(':');
        String name = colon < 0 ? token : token.substring(0, colon);
        int width = colon < 0 ? width(name) : Integer.parseInt(token.substring(colon + 1));
        return new Field(name, end - width, width);
    }

    private static int width(String name) {
        return switch (name) {
            case "Rd", "Rn", "Rm", "Ra", "Rt", "Rt2", "Rs", "b40", "defgh" -> 5;
            case "immr", "imms", "imm6", "scale" -> 6;
            case "cond", "nzcv", "CRm", "CRn", "immh", "cmode" -> 4;
            case "op1", "op2", "option", "immb", "abc" -> 3;
            case "hw", "shift", "size", "len" -> 2;
            case "sf", "sh", "N", "o0", "b5", "sz", "type", "Q", "R", "S", "L", "M", "H", "op" -> 1;
            default -> {
                if (!name.startsWith("imm")) {
                    throw new IllegalArgumentException("No width of " + name);
                }
                yield Integer.parseInt(name.substring(3));
            }
        };
    }

    public boolean matches(int word) {
        return (word & mask) == bits && (sizes.isEmpty() || allowsSize(word));
    }

    /// The size of a vector instruction's elements: 0 for bytes to 3 for 64 bits; -1 for none.
    int size(int word) {
        for (Field field : fields) {
            switch (field.name) {
                case SIZE -> {
                    return field.of(word);
                }
                case SZ -> {
                    return 2 + field.of(word);
                }
                case IMMH -> {
                    return 31 - Integer.numberOfLeadingZeros(field.of(word));
                }
                default -> {}
            }
        }
        return -1;
    }

    private boolean allowsSize(int word) {
        int size = size(word);
        if (size < 0) {
            return false;
        }
        boolean whole = (word & Q) != 0;
        return sizes.indexOf("BHSD".charAt(size)) >= 0 && (size < 3 || whole)
                || size == 3 && sizes.indexOf('d') >= 0
                || size == 2 && whole && sizes.indexOf('q') >= 0;
    }
}
