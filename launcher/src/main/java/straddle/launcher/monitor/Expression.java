package straddle.launcher.monitor;

import java.util.List;
import java.util.Locale;
import straddle.core.arch.x86.X86State;

/// Arithmetic for the monitor, on 64-bit numbers that wrap around: `$rsp + 8 * 0x10`, `(cr3 >> 12) & 0xfff`.
///
/// From loose to tight: `|`, `^`, `&`, `<< >>`, `+ -`, `* / %`, then `- ~`. Registers may do without their `$`.
final class Expression {
    /// Binary operators, the loosest first.
    private static final List<List<String>> LEVELS =
            List.of(
                    List.of("|"),
                    List.of("^"),
                    List.of("&"),
                    List.of("<<", ">>"),
                    List.of("+", "-"),
                    List.of("*", "/", "%"));

    /// Deeper nesting than this is no calculation.
    private static final int MOST_NESTING = 50;

    private final String text;
    private final X86State state;
    private int at;
    private int nesting;

    private Expression(String text, X86State state) {
        this.text = text;
        this.state = state;
    }

    static long evaluate(String text, X86State state) throws MonitorException {
        Expression expression = new Expression(text, state);
        long value = expression.level(0);
        expression.skipBlanks();
        if (expression.at < text.length()) {
            throw expression.unexpected();
        }
        return value;
    }

    private long level(int level) throws MonitorException {
        if (level == LEVELS.size()) {
            return unary();
        }
        long value = level(level + 1);
        for (String operator = operator(level); operator != null; operator = operator(level)) {
            value = apply(operator, value, level(level + 1));
        }
        return value;
    }

    private String operator(int level) {
        skipBlanks();
        for (String operator : LEVELS.get(level)) {
            if (text.startsWith(operator, at)) {
                at += operator.length();
                return operator;
            }
        }
        return null;
    }

    private static long apply(String operator, long a, long b) throws MonitorException {
        if (b == 0 && (operator.equals("/") || operator.equals("%"))) {
            throw new MonitorException("That divides by zero.");
        }
        return switch (operator) {
            case "|" -> a | b;
            case "^" -> a ^ b;
            case "&" -> a & b;
            case "<<" -> a << b;
            case ">>" -> a >>> b;
            case "+" -> a + b;
            case "-" -> a - b;
            case "*" -> a * b;
            case "/" -> Long.divideUnsigned(a, b);
            default -> Long.remainderUnsigned(a, b);
        };
    }

    private long unary() throws MonitorException {
        skipBlanks();
        if (at == text.length() || ++nesting > MOST_NESTING) {
            throw new MonitorException("A number or a register is missing at the end.");
        }
        long value =
                switch (text.charAt(at)) {
                    case '-' -> {
                        at++;
                        yield -unary();
                    }
                    case '~' -> {
                        at++;
                        yield ~unary();
                    }
                    case '(' -> inParentheses();
                    default -> word();
                };
        nesting--;
        return value;
    }

    private long inParentheses() throws MonitorException {
        at++;
        long value = level(0);
        skipBlanks();
        if (at == text.length() || text.charAt(at) != ')') {
            throw new MonitorException("A ')' is missing.");
        }
        at++;
        return value;
    }

    private long word() throws MonitorException {
        int start = at;
        if (text.charAt(at) == '$') {
            at++;
        }
        while (at < text.length()
                && (Character.isLetterOrDigit(text.charAt(at)) || text.charAt(at) == '_')) {
            at++;
        }
        String word = text.substring(start, at).toLowerCase(Locale.ROOT);
        if (word.isEmpty()) {
            throw unexpected();
        }
        return Character.isDigit(word.charAt(0)) ? number(word) : register(word);
    }

    private static long number(String word) throws MonitorException {
        try {
            return word.startsWith("0x")
                    ? Long.parseUnsignedLong(word.substring(2), 16)
                    : Long.parseUnsignedLong(word);
        } catch (NumberFormatException _) {
            throw new MonitorException(
                    "'" + word + "' is no number of 64 bits; hexadecimal ones start with 0x.");
        }
    }

    private long register(String word) throws MonitorException {
        String name = word.startsWith("$") ? word.substring(1) : word;
        Long value = RegisterText.value(state, name);
        if (value == null) {
            throw new MonitorException(
                    Monitor.unknown(
                            "register",
                            name,
                            RegisterText.names(),
                            "'info registers' shows them; hexadecimal numbers start with 0x."));
        }
        return value;
    }

    private MonitorException unexpected() {
        return new MonitorException(
                "'" + text.substring(at) + "' can't stand there: p $rsp + 0x10 is how it goes.");
    }

    private void skipBlanks() {
        while (at < text.length() && text.charAt(at) == ' ') {
            at++;
        }
    }
}
