package straddle.tcg.arm;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// One encoding of an instruction.
///
/// @param form how the last operand is written, see [Rows]
/// @param sizes of elements: letters of `BHSD`, or empty where there are none
/// @param set which instruction set it belongs to
/// @param text as it stands in [Rows]
public record Row(
        Op op,
        char form,
        String sizes,
        Set set,
        int mask,
        int bits,
        List<Part> parts,
        Map<Field, Integer> implied,
        String text) {
    /// Instruction sets, T32 by the length of its encodings.
    public enum Set {
        A32,
        T16,
        T32
    }

    /// Bits of the word that go to a field, or to none.
    ///
    /// @param field null where nobody needs them
    /// @param low their place in the word
    /// @param to their place in the field
    public record Part(String name, Field field, int low, int width, int to) {}

    private static final int ALWAYS = 15;

    static Row of(String text) {
        List<String> tokens = tokens(text);
        Op op = Op.valueOf(tokens.get(0));
        char form = tokens.get(1).charAt(0);
        Set set = set(tokens);
        boolean narrow = set == Set.T16;
        boolean shifts = tokens.contains("imm2");
        int at = narrow ? 16 : 32;
        int mask = 0;
        int bits = 0;
        List<Part> parts = new ArrayList<>();
        Map<Field, Integer> implied = new EnumMap<>(Field.class);
        for (String token : tokens.subList(3, tokens.size())) {
            char first = token.charAt(0);
            int equals = token.indexOf('=');
            if (equals > 0) {
                Part to = part(token.substring(0, equals), false, false, 0).getFirst();
                implied.put(to.field, Integer.parseInt(token.substring(equals + 1)));
            } else if (first == '0' || first == '1') {
                for (int i = 0; i < token.length(); i++) {
                    at--;
                    mask |= 1 << at;
                    bits |= (token.charAt(i) - '0') << at;
                }
            } else {
                List<Part> found = part(token, narrow, shifts, at);
                parts.addAll(found);
                at -= found.getFirst().width;
            }
        }
        if (at != 0) {
            throw new AssertionError("Not a whole word: " + text + ", " + at);
        }
        String sizes = Character.isUpperCase(form) ? tokens.get(1) : "";
        return new Row(op, form, sizes, set, mask, bits, parts, implied, text);
    }

    private static List<String> tokens(String text) {
        List<String> tokens = new ArrayList<>(16);
        int from = 0;
        while (from < text.length()) {
            int to = text.indexOf(' ', from);
            to = to < 0 ? text.length() : to;
            tokens.add(text.substring(from, to));
            from = to + 1;
        }
        return tokens;
    }

    /// Encodings of T32 have 32 bits if they begin with 111 and something else than 00.
    private static Set set(List<String> tokens) {
        if (tokens.get(2).charAt(0) == 'A') {
            return Set.A32;
        }
        String first = tokens.get(3);
        return first.startsWith("111") && !first.equals("11100") && first.length() == 5
                ? Set.T32
                : Set.T16;
    }

    private static List<Part> part(String name, boolean narrow, boolean shifts, int end) {
        int register = narrow ? 3 : 4;
        return switch (name) {
            case "cond", "condB" -> one(name, Field.COND, 4, 0, end);
            case "S" -> one(name, Field.S, 1, 0, end);
            case "Rn" -> one(name, Field.RN, register, 0, end);
            case "Rd" -> one(name, Field.RD, register, 0, end);
            case "Rm" -> one(name, Field.RM, register, 0, end);
            case "Rs" -> one(name, Field.RS, register, 0, end);
            case "Rt" -> one(name, Field.RT, register, 0, end);
            case "Rt2" -> one(name, Field.RT2, 4, 0, end);
            case "Ra" -> one(name, Field.RA, 4, 0, end);
            case "RdLo" -> one(name, Field.RDLO, 4, 0, end);
            case "RdHi" -> one(name, Field.RDHI, 4, 0, end);
            case "Rm4" -> one(name, Field.RM, 4, 0, end);
            case "RtLow" -> one(name, Field.RT, 4, 0, end);
            case "Rdn", "RdnLow" -> two(name, Field.RD, Field.RN, 3, 0, end);
            case "Rdm" -> two(name, Field.RD, Field.RM, 3, 0, end);
            case "DN" -> two(name, Field.RD, Field.RN, 1, 3, end);
            case "RdLow" -> one(name, Field.RD, 3, 0, end);
            case "RnLow" -> one(name, Field.RN, 3, 0, end);
            case "D" -> narrow ? one(name, Field.RD, 1, 3, end) : one(name, Field.D, 1, 0, end);
            case "N" -> narrow ? one(name, Field.RN, 1, 3, end) : one(name, Field.N, 1, 0, end);
            case "M" -> one(name, Field.M, 1, 0, end);
            case "Rm4h" -> one(name, null, 4, 0, end);
            case "option" -> one(name, null, 4, 0, end);
            case "imm12b" -> one(name, null, 12, 0, end);
            case "imm24" -> one(name, Field.IMM, 24, 0, end);
            case "imm12" -> one(name, Field.IMM, 12, 0, end);
            case "imm11s" -> one(name, Field.IMM, 11, 0, end);
            case "imm8", "imm8s" -> one(name, Field.IMM, 8, 0, end);
            case "imm8x4" -> one(name, Field.IMM, 8, 2, end);
            case "imm7x4" -> one(name, Field.IMM, 7, 2, end);
            case "imm5x4" -> one(name, Field.IMM, 5, 2, end);
            case "imm5x2" -> one(name, Field.IMM, 5, 1, end);
            case "imm5x1" -> one(name, Field.IMM, 5, 0, end);
            case "imm3x1" -> one(name, Field.IMM, 3, 0, end);
            case "imm5cb" -> one(name, Field.IMM, 5, 1, end);
            case "icb" -> one(name, Field.IMM, 1, 6, end);
            case "i" -> one(name, Field.IMM, 1, 11, end);
            case "imm4" -> one(name, Field.IMM, 4, 12, end);
            case "imm4h" -> one(name, Field.IMM, 4, 4, end);
            case "imm4l" -> one(name, Field.IMM, 4, 0, end);
            case "i5" -> one(name, Field.IMM, 1, 0, end);
            case "imm3" ->
                    shifts ? one(name, Field.SHIFT, 3, 2, end) : one(name, Field.IMM, 3, 8, end);
            case "imm2", "shift2" -> one(name, Field.SHIFT, 2, 0, end);
            case "imm5" -> one(name, Field.SHIFT, 5, 0, end);
            case "type" -> one(name, Field.TYPE, 2, 0, end);
            case "sh", "tb" -> one(name, Field.TYPE, 1, 1, end);
            case "P" -> one(name, Field.P, 1, 0, end);
            case "U" -> one(name, Field.U, 1, 0, end);
            case "W" -> one(name, Field.W, 1, 0, end);
            case "list" -> one(name, Field.LIST, 16, 0, end);
            case "list8" -> one(name, Field.LIST, 8, 0, end);
            case "P15" -> one(name, Field.LIST, 1, 15, end);
            case "P14" -> one(name, Field.LIST, 1, 14, end);
            case "lsb" -> one(name, Field.LSB, 5, 0, end);
            case "msb" -> one(name, Field.MSB, 5, 0, end);
            case "widthm1" -> one(name, Field.WIDTH, 5, 0, end);
            case "sat" -> one(name, Field.SAT, 5, 0, end);
            case "sat4" -> one(name, Field.SAT, 4, 0, end);
            case "rotate" -> one(name, Field.ROTATE, 2, 3, end);
            case "op1", "op1t" -> one(name, Field.OP1, 3, 0, end);
            case "op2", "op2t" -> one(name, Field.OP2, 3, 0, end);
            case "n", "sx" -> one(name, Field.X, 1, 0, end);
            case "m" -> one(name, Field.Y, 1, 0, end);
            case "R", "round" -> one(name, Field.ROUND, 1, 0, end);
            case "s" -> one(name, Field.SIGN, 1, 0, end);
            case "j1", "h" -> one(name, Field.J1, 1, 0, end);
            case "j2" -> one(name, Field.J2, 1, 0, end);
            case "imm6" -> one(name, Field.IMM6, 6, 0, end);
            case "imm10" -> one(name, Field.IMM10, 10, 0, end);
            case "imm11" -> one(name, Field.IMM11, 11, 0, end);
            case "mask" -> one(name, Field.MASK, 4, 0, end);
            case "fields" -> one(name, Field.FIELDS, 4, 0, end);
            case "hint" -> one(name, Field.HINT, 8, 0, end);
            case "hint4" -> one(name, Field.HINT, 4, 0, end);
            case "opc1" -> one(name, Field.OPC1, 3, 0, end);
            case "opc2" -> one(name, Field.OPC2, 3, 0, end);
            case "opc2l" -> one(name, Field.OPC2, 2, 0, end);
            case "CRn", "reg" -> one(name, Field.CRN, 4, 0, end);
            case "CRm" -> one(name, Field.CRM, 4, 0, end);
            case "coproc" -> one(name, Field.COPROC, 4, 0, end);
            case "Vd" -> one(name, Field.VD, 4, 0, end);
            case "Vn" -> one(name, Field.VN, 4, 0, end);
            case "Vm" -> one(name, Field.VM, 4, 0, end);
            case "sz" -> one(name, Field.SZ, 1, 0, end);
            case "size" -> one(name, Field.SIZE, 2, 0, end);
            case "Q" -> one(name, Field.Q, 1, 0, end);
            case "L" -> one(name, Field.IMM, 1, 6, end);
            case "imm6v" -> one(name, Field.IMM, 6, 0, end);
            case "i8" -> one(name, Field.IMM, 1, 7, end);
            case "imm3h" -> one(name, Field.IMM, 3, 4, end);
            case "cmode" -> one(name, Field.CMODE, 4, 0, end);
            case "len" -> one(name, Field.LEN, 2, 0, end);
            case "regs" -> one(name, Field.REGISTERS, 0, 0, end);
            case "inc" -> one(name, Field.STEP, 0, 0, end);
            case "align" -> one(name, Field.ALIGN, 2, 0, end);
            case "a" -> one(name, Field.ALIGN, 1, 0, end);
            case "ia" -> one(name, Field.INDEX, 4, 0, end);
            case "T" -> one(name, Field.STEP, 1, 0, end);
            case "b" -> one(name, Field.OP1, 1, 0, end);
            case "e" -> one(name, Field.OP2, 1, 0, end);
            case "op", "opf" -> one(name, Field.OP, 1, 0, end);
            default -> throw new AssertionError("No field is named " + name);
        };
    }

    private static List<Part> one(String name, Field field, int width, int to, int end) {
        return List.of(new Part(name, field, end - width, width, to));
    }

    private static List<Part> two(String name, Field a, Field b, int width, int to, int end) {
        return List.of(
                new Part(name, a, end - width, width, to),
                new Part(name, b, end - width, width, to));
    }

    /// Whether the encoding has bits of a field.
    public boolean has(Field field) {
        return parts.stream().anyMatch(part -> part.field == field);
    }

    /// Rows of A32 with a condition don't have 1111 there, nor have T32's loads the program counter as a base, but in rows that
    /// say so.
    boolean matches(int word) {
        if ((word & mask) != bits) {
            return false;
        }
        if (!sizes.isEmpty() && !hasSize(size(word))) {
            return false;
        }
        return switch (set) {
            case A32 -> (mask & 0xf000_0000) != 0 || word >>> 28 != ALWAYS;
            case T16 -> true;
            case T32 -> !isLoad() || (word >>> 16 & 15) != ALWAYS || (mask >>> 16 & 15) == ALWAYS;
        };
    }

    private boolean hasSize(int size) {
        return size >= 0 && sizes.indexOf("BHSD".charAt(size)) >= 0;
    }

    /// The size of a word's elements, from 0 for bytes to 3 for 64 bits, or -1 for none. A shift's is where its immediate has
    /// its first 1.
    int size(int word) {
        if (sizes.isEmpty()) {
            return -1;
        }
        for (Part part : parts) {
            if (part.name.equals("size")) {
                return word >>> part.low & 3;
            }
            if (part.name.equals("imm6v")) {
                int imm7 = word >>> part.low & 0x3f | (has("L") ? word >>> 1 & 0x40 : 0);
                return Math.max(28 - Integer.numberOfLeadingZeros(imm7), -1);
            }
        }
        return "BHSD".indexOf(sizes.charAt(0));
    }

    private boolean has(String name) {
        return parts.stream().anyMatch(part -> part.name.equals(name));
    }

    private boolean isLoad() {
        return switch (op) {
            case LDR, LDRB, LDRH, LDRSB, LDRSH, PLD -> true;
            default -> false;
        };
    }

    /// The fields, from the top bit down.
    String encoding() {
        return String.join(" ", tokens(text).subList(3, tokens(text).size()));
    }

    /// How the last operand is written, or the sizes of elements; empty for neither.
    String operand() {
        String operand = tokens(text).get(1);
        return operand.equals("-") ? "" : operand;
    }

    int fixedBits() {
        return Integer.bitCount(mask);
    }
}
