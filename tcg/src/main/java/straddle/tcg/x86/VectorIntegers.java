package straddle.tcg.x86;

import straddle.tcg.Cpu;
import straddle.tcg.op.Emitter;
import straddle.tcg.op.MicroOp;
import straddle.tcg.x86.fp.Aes;
import straddle.tcg.x86.fp.Sha;
import straddle.tcg.x86.fp.SseInteger;
import straddle.tcg.x86.fp.SseShuffle;

/// Integer operations on XMM registers, and those that only move elements. `d` and `s` are indices in
/// [X86Cpu#v]. None can fault.
final class VectorIntegers {
    private VectorIntegers() {}

    /// Which class has an operation on two XMM registers, or a register and an immediate.
    enum Family {
        /// [VectorFloats].
        FLOAT,
        /// [Arithmetic].
        ARITHMETIC,
        /// [Elements].
        ELEMENTS,
        /// [Immediate].
        IMMEDIATE,
        /// [ShiftBy].
        SHIFT_BY,
        /// [Crypto].
        CRYPTO
    }

    static Family family(Op op) {
        if (VectorFloats.has(op)) {
            return Family.FLOAT;
        }
        return switch (op) {
            case MOVSS,
                    MOVSD,
                    MOVSLDUP,
                    MOVDDUP,
                    MOVSHDUP,
                    PUNPCKLBW,
                    PUNPCKLWD,
                    PUNPCKLDQ,
                    PUNPCKHBW,
                    PUNPCKHWD,
                    PUNPCKHDQ,
                    PUNPCKLQDQ,
                    PUNPCKHQDQ,
                    PSHUFB,
                    PBLENDVB,
                    BLENDVPS,
                    BLENDVPD,
                    PMOVSXBW,
                    PMOVSXBD,
                    PMOVSXBQ,
                    PMOVSXWD,
                    PMOVSXWQ,
                    PMOVSXDQ,
                    PMOVZXBW,
                    PMOVZXBD,
                    PMOVZXBQ,
                    PMOVZXWD,
                    PMOVZXWQ,
                    PMOVZXDQ,
                    UNPCKLPS,
                    UNPCKHPS,
                    UNPCKLPD,
                    UNPCKHPD ->
                    Family.ELEMENTS;
            case MPSADBW,
                    PSHUFD,
                    PSHUFHW,
                    PSHUFLW,
                    SHUFPS,
                    SHUFPD,
                    BLENDPS,
                    BLENDPD,
                    PBLENDW,
                    PALIGNR,
                    INSERTPS ->
                    Family.IMMEDIATE;
            case SHA1NEXTE,
                    SHA1MSG1,
                    SHA1MSG2,
                    SHA1RNDS4,
                    SHA256RNDS2,
                    SHA256MSG1,
                    SHA256MSG2,
                    AESIMC,
                    AESENC,
                    AESENCLAST,
                    AESDEC,
                    AESDECLAST,
                    AESKEYGENASSIST,
                    PCLMULQDQ,
                    GF2P8MULB,
                    GF2P8AFFINEQB,
                    GF2P8AFFINEINVQB ->
                    Family.CRYPTO;
            default -> Family.ARITHMETIC;
        };
    }

    /// Does an operation on 128 bits of a register file: d = d op s.
    static void apply(Family family, Op op, long[] v, int d, int s, int imm) {
        switch (family) {
            case ARITHMETIC -> Arithmetic.first(op, v, d, s);
            case ELEMENTS -> Elements.move(op, v, d, s);
            case IMMEDIATE -> Immediate.apply(op, v, d, s, imm);
            case SHIFT_BY -> ShiftBy.apply(op, v, d, imm);
            case CRYPTO -> Crypto.apply(op, v, d, s, imm);
            case FLOAT -> throw new IllegalStateException(op + " is no integer operation");
        }
    }

    /// Emits the same for bits 127:0 or 255:128.
    static void emit(Emitter e, boolean upper, Family family, Op op, int d, int s, int imm) {
        switch (family) {
            case ARITHMETIC -> call(e, upper, "SseInteger", VectorCode.name(op), d, s);
            case ELEMENTS -> call(e, upper, "SseShuffle", VectorCode.name(op), d, s);
            case IMMEDIATE -> call(e, upper, Immediate.owner(op), VectorCode.name(op), d, s, imm);
            case SHIFT_BY -> {
                if (op == Op.PSRLDQ || op == Op.PSLLDQ) {
                    call(e, upper, "SseInteger", VectorCode.name(op), d, imm);
                } else {
                    VectorCode.shift(e, upper, VectorCode.name(op) + "By", d, imm);
                }
            }
            case CRYPTO -> {
                String name = VectorCode.name(op);
                if (Crypto.hasImmediate(op)) {
                    call(e, upper, Crypto.owner(op), name, d, s, imm);
                } else {
                    call(e, upper, Crypto.owner(op), name, d, s);
                }
            }
            case FLOAT -> throw new IllegalStateException(op + " is no integer operation");
        }
    }

    private static void call(Emitter e, boolean upper, String owner, String name, int... operands) {
        if (upper) {
            VectorCode.upperFunction(e, owner, name, "V", operands);
        } else {
            VectorCode.function(e, owner, name, "V", operands);
        }
    }

    /// PXOR, POR, PAND or PANDN.
    static MicroOp bitwise(Op op, int d, int s) {
        return switch (op) {
            case PXOR -> new Pxor(d, s);
            case POR -> new Por(d, s);
            case PAND -> new Pand(d, s);
            default -> new Pandn(d, s);
        };
    }

    static final class Pxor extends MicroOp {
        final int d;
        final int s;

        Pxor(int d, int s) {
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            SseInteger.pxor(((X86Cpu) c).v, d, s);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.function(e, "SseInteger", "pxor", "V", d, s);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    static final class Por extends MicroOp {
        final int d;
        final int s;

        Por(int d, int s) {
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            SseInteger.por(((X86Cpu) c).v, d, s);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.function(e, "SseInteger", "por", "V", d, s);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    static final class Pand extends MicroOp {
        final int d;
        final int s;

        Pand(int d, int s) {
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            SseInteger.pand(((X86Cpu) c).v, d, s);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.function(e, "SseInteger", "pand", "V", d, s);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    static final class Pandn extends MicroOp {
        final int d;
        final int s;

        Pandn(int d, int s) {
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            SseInteger.pandn(((X86Cpu) c).v, d, s);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.function(e, "SseInteger", "pandn", "V", d, s);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }
    }

    /// d = d op s, element by element.
    static final class Arithmetic extends MicroOp {
        private final Op op;
        private final int d;
        private final int s;

        Arithmetic(Op op, int d, int s) {
            this.op = op;
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            first(op, ((X86Cpu) c).v, d, s);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.function(e, "SseInteger", VectorCode.name(op), "V", d, s);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }

        private static void first(Op op, long[] v, int d, int s) {
            switch (op) {
                case PACKSSWB -> SseInteger.packsswb(v, d, s);
                case PCMPGTB -> SseInteger.pcmpgtb(v, d, s);
                case PCMPGTW -> SseInteger.pcmpgtw(v, d, s);
                case PCMPGTD -> SseInteger.pcmpgtd(v, d, s);
                case PACKUSWB -> SseInteger.packuswb(v, d, s);
                case PACKSSDW -> SseInteger.packssdw(v, d, s);
                case PCMPEQB -> SseInteger.pcmpeqb(v, d, s);
                case PCMPEQW -> SseInteger.pcmpeqw(v, d, s);
                case PCMPEQD -> SseInteger.pcmpeqd(v, d, s);
                case PSRLW -> SseInteger.psrlw(v, d, s);
                case PSRLD -> SseInteger.psrld(v, d, s);
                case PSRLQ -> SseInteger.psrlq(v, d, s);
                case PADDQ -> SseInteger.paddq(v, d, s);
                case PMULLW -> SseInteger.pmullw(v, d, s);
                case PSUBUSB -> SseInteger.psubusb(v, d, s);
                case PSUBUSW -> SseInteger.psubusw(v, d, s);
                case PMINUB -> SseInteger.pminub(v, d, s);
                case PADDUSB -> SseInteger.paddusb(v, d, s);
                case PADDUSW -> SseInteger.paddusw(v, d, s);
                case PMAXUB -> SseInteger.pmaxub(v, d, s);
                case PAVGB -> SseInteger.pavgb(v, d, s);
                case PSRAW -> SseInteger.psraw(v, d, s);
                case PSRAD -> SseInteger.psrad(v, d, s);
                case PAVGW -> SseInteger.pavgw(v, d, s);
                case PMULHUW -> SseInteger.pmulhuw(v, d, s);
                case PMULHW -> SseInteger.pmulhw(v, d, s);
                case PSUBSB -> SseInteger.psubsb(v, d, s);
                case PSUBSW -> SseInteger.psubsw(v, d, s);
                case PMINSW -> SseInteger.pminsw(v, d, s);
                case PADDSB -> SseInteger.paddsb(v, d, s);
                case PADDSW -> SseInteger.paddsw(v, d, s);
                case PMAXSW -> SseInteger.pmaxsw(v, d, s);
                case PSLLW -> SseInteger.psllw(v, d, s);
                case PSLLD -> SseInteger.pslld(v, d, s);
                case PSLLQ -> SseInteger.psllq(v, d, s);
                case PMULUDQ -> SseInteger.pmuludq(v, d, s);
                default -> second(op, v, d, s);
            }
        }

        private static void second(Op op, long[] v, int d, int s) {
            switch (op) {
                case PMADDWD -> SseInteger.pmaddwd(v, d, s);
                case PSADBW -> SseInteger.psadbw(v, d, s);
                case PSUBB -> SseInteger.psubb(v, d, s);
                case PSUBW -> SseInteger.psubw(v, d, s);
                case PSUBD -> SseInteger.psubd(v, d, s);
                case PSUBQ -> SseInteger.psubq(v, d, s);
                case PADDB -> SseInteger.paddb(v, d, s);
                case PADDW -> SseInteger.paddw(v, d, s);
                case PADDD -> SseInteger.paddd(v, d, s);
                case PHADDW -> SseInteger.phaddw(v, d, s);
                case PHADDD -> SseInteger.phaddd(v, d, s);
                case PHADDSW -> SseInteger.phaddsw(v, d, s);
                case PMADDUBSW -> SseInteger.pmaddubsw(v, d, s);
                case PHSUBW -> SseInteger.phsubw(v, d, s);
                case PHSUBD -> SseInteger.phsubd(v, d, s);
                case PHSUBSW -> SseInteger.phsubsw(v, d, s);
                case PSIGNB -> SseInteger.psignb(v, d, s);
                case PSIGNW -> SseInteger.psignw(v, d, s);
                case PSIGND -> SseInteger.psignd(v, d, s);
                case PMULHRSW -> SseInteger.pmulhrsw(v, d, s);
                case PABSB -> SseInteger.pabsb(v, d, s);
                case PABSW -> SseInteger.pabsw(v, d, s);
                case PABSD -> SseInteger.pabsd(v, d, s);
                case PMULDQ -> SseInteger.pmuldq(v, d, s);
                case PCMPEQQ -> SseInteger.pcmpeqq(v, d, s);
                case PACKUSDW -> SseInteger.packusdw(v, d, s);
                case PCMPGTQ -> SseInteger.pcmpgtq(v, d, s);
                case PMINSB -> SseInteger.pminsb(v, d, s);
                case PMINSD -> SseInteger.pminsd(v, d, s);
                case PMINUW -> SseInteger.pminuw(v, d, s);
                case PMINUD -> SseInteger.pminud(v, d, s);
                case PMAXSB -> SseInteger.pmaxsb(v, d, s);
                case PMAXSD -> SseInteger.pmaxsd(v, d, s);
                case PMAXUW -> SseInteger.pmaxuw(v, d, s);
                case PMAXUD -> SseInteger.pmaxud(v, d, s);
                case PMULLD -> SseInteger.pmulld(v, d, s);
                case PHMINPOSUW -> SseInteger.phminposuw(v, d, s);
                case PXOR -> SseInteger.pxor(v, d, s);
                case POR -> SseInteger.por(v, d, s);
                case PAND -> SseInteger.pand(v, d, s);
                case PANDN -> SseInteger.pandn(v, d, s);
                default -> throw new IllegalStateException(op + " is no integer operation");
            }
        }

        @Override
        public String toString() {
            return "%s xmm[%d], xmm[%d]".formatted(op, d, s);
        }
    }

    /// Elements of s, moved or widened, to d.
    static final class Elements extends MicroOp {
        private final Op op;
        private final int d;
        private final int s;

        Elements(Op op, int d, int s) {
            this.op = op;
            this.d = d;
            this.s = s;
        }

        @Override
        public MicroOp exec(Cpu c) {
            move(op, ((X86Cpu) c).v, d, s);
            return next;
        }

        @Override
        public void emit(Emitter e) {
            VectorCode.function(e, "SseShuffle", VectorCode.name(op), "V", d, s);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }

        private static void move(Op op, long[] v, int d, int s) {
            switch (op) {
                case MOVSS -> SseShuffle.movss(v, d, s);
                case MOVSD -> SseShuffle.movsd(v, d, s);
                case MOVSLDUP -> SseShuffle.movsldup(v, d, s);
                case MOVDDUP -> SseShuffle.movddup(v, d, s);
                case MOVSHDUP -> SseShuffle.movshdup(v, d, s);
                case PUNPCKLBW -> SseShuffle.punpcklbw(v, d, s);
                case PUNPCKLWD -> SseShuffle.punpcklwd(v, d, s);
                case PUNPCKLDQ -> SseShuffle.punpckldq(v, d, s);
                case PUNPCKHBW -> SseShuffle.punpckhbw(v, d, s);
                case PUNPCKHWD -> SseShuffle.punpckhwd(v, d, s);
                case PUNPCKHDQ -> SseShuffle.punpckhdq(v, d, s);
                case PUNPCKLQDQ -> SseShuffle.punpcklqdq(v, d, s);
                case PUNPCKHQDQ -> SseShuffle.punpckhqdq(v, d, s);
                case PSHUFB -> SseShuffle.pshufb(v, d, s);
                case PBLENDVB -> SseShuffle.pblendvb(v, d, s);
                case BLENDVPS -> SseShuffle.blendvps(v, d, s);
                case BLENDVPD -> SseShuffle.blendvpd(v, d, s);
                case PMOVSXBW -> SseShuffle.pmovsxbw(v, d, s);
                case PMOVSXBD -> SseShuffle.pmovsxbd(v, d, s);
                case PMOVSXBQ -> SseShuffle.pmovsxbq(v, d, s);
                case PMOVSXWD -> SseShuffle.pmovsxwd(v, d, s);
                case PMOVSXWQ -> SseShuffle.pmovsxwq(v, d, s);
                case PMOVSXDQ -> SseShuffle.pmovsxdq(v, d, s);
                case PMOVZXBW -> SseShuffle.pmovzxbw(v, d, s);
                case PMOVZXBD -> SseShuffle.pmovzxbd(v, d, s);
                case PMOVZXBQ -> SseShuffle.pmovzxbq(v, d, s);
                case PMOVZXWD -> SseShuffle.pmovzxwd(v, d, s);
                case PMOVZXWQ -> SseShuffle.pmovzxwq(v, d, s);
                case PMOVZXDQ -> SseShuffle.pmovzxdq(v, d, s);
                case UNPCKLPS -> SseShuffle.punpckldq(v, d, s);
                case UNPCKHPS -> SseShuffle.punpckhdq(v, d, s);
                case UNPCKLPD -> SseShuffle.punpcklqdq(v, d, s);
                case UNPCKHPD -> SseShuffle.punpckhqdq(v, d, s);
                default -> throw new IllegalStateException(op + " moves no elements");
            }
        }

        @Override
        public String toString() {
            return "%s xmm[%d], xmm[%d]".formatted(op, d, s);
        }
    }

    /// Operations with an immediate byte.
    static final class Immediate extends MicroOp {
        private final Op op;
        private final int d;
        private final int s;
        private final int imm;

        Immediate(Op op, int d, int s, int imm) {
            this.op = op;
            this.d = d;
            this.s = s;
            this.imm = imm;
        }

        @Override
        public MicroOp exec(Cpu c) {
            apply(op, ((X86Cpu) c).v, d, s, imm);
            return next;
        }

        private static void apply(Op op, long[] v, int d, int s, int imm) {
            switch (op) {
                case MPSADBW -> SseInteger.mpsadbw(v, d, s, imm);
                case PSHUFD -> SseShuffle.pshufd(v, d, s, imm);
                case PSHUFHW -> SseShuffle.pshufhw(v, d, s, imm);
                case PSHUFLW -> SseShuffle.pshuflw(v, d, s, imm);
                case SHUFPS -> SseShuffle.shufps(v, d, s, imm);
                case SHUFPD -> SseShuffle.shufpd(v, d, s, imm);
                case BLENDPS -> SseShuffle.blendps(v, d, s, imm);
                case BLENDPD -> SseShuffle.blendpd(v, d, s, imm);
                case PBLENDW -> SseShuffle.pblendw(v, d, s, imm);
                case PALIGNR -> SseShuffle.palignr(v, d, s, imm);
                case INSERTPS -> SseShuffle.insertps(v, d, s, imm);
                default -> throw new IllegalStateException(op + " has no immediate");
            }
        }

        private static String owner(Op op) {
            return op == Op.MPSADBW ? "SseInteger" : "SseShuffle";
        }

        @Override
        public void emit(Emitter e) {
            VectorIntegers.emit(e, false, Family.IMMEDIATE, op, d, s, imm);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }

        @Override
        public String toString() {
            return "%s xmm[%d], xmm[%d], %d".formatted(op, d, s, imm);
        }
    }

    /// Shifts of d by an immediate count.
    static final class ShiftBy extends MicroOp {
        private final Op op;
        private final int d;
        private final int count;

        ShiftBy(Op op, int d, int count) {
            this.op = op;
            this.d = d;
            this.count = count;
        }

        @Override
        public MicroOp exec(Cpu c) {
            apply(op, ((X86Cpu) c).v, d, count);
            return next;
        }

        private static void apply(Op op, long[] v, int d, int count) {
            switch (op) {
                case PSLLW -> SseInteger.psllwBy(v, d, count);
                case PSRLW -> SseInteger.psrlwBy(v, d, count);
                case PSRAW -> SseInteger.psrawBy(v, d, count);
                case PSLLD -> SseInteger.pslldBy(v, d, count);
                case PSRLD -> SseInteger.psrldBy(v, d, count);
                case PSRAD -> SseInteger.psradBy(v, d, count);
                case PSLLQ -> SseInteger.psllqBy(v, d, count);
                case PSRLQ -> SseInteger.psrlqBy(v, d, count);
                case PSRLDQ -> SseInteger.psrldq(v, d, count);
                case PSLLDQ -> SseInteger.pslldq(v, d, count);
                default -> throw new IllegalStateException(op + " is no shift");
            }
        }

        @Override
        public void emit(Emitter e) {
            VectorIntegers.emit(e, false, Family.SHIFT_BY, op, d, 0, count);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }

        @Override
        public String toString() {
            return "%s xmm[%d], %d".formatted(op, d, count);
        }
    }

    /// AES, SHA and carry-less products.
    static final class Crypto extends MicroOp {
        private final Op op;
        private final int d;
        private final int s;
        private final int imm;

        Crypto(Op op, int d, int s, int imm) {
            this.op = op;
            this.d = d;
            this.s = s;
            this.imm = imm;
        }

        @Override
        public MicroOp exec(Cpu c) {
            apply(op, ((X86Cpu) c).v, d, s, imm);
            return next;
        }

        private static void apply(Op op, long[] v, int d, int s, int imm) {
            switch (op) {
                case SHA1NEXTE -> Sha.sha1nexte(v, d, s);
                case SHA1MSG1 -> Sha.sha1msg1(v, d, s);
                case SHA1MSG2 -> Sha.sha1msg2(v, d, s);
                case SHA256RNDS2 -> Sha.sha256rnds2(v, d, s);
                case SHA256MSG1 -> Sha.sha256msg1(v, d, s);
                case SHA256MSG2 -> Sha.sha256msg2(v, d, s);
                case SHA1RNDS4 -> Sha.sha1rnds4(v, d, s, imm);
                case AESIMC -> Aes.aesimc(v, d, s);
                case AESENC -> Aes.aesenc(v, d, s);
                case AESENCLAST -> Aes.aesenclast(v, d, s);
                case AESDEC -> Aes.aesdec(v, d, s);
                case AESDECLAST -> Aes.aesdeclast(v, d, s);
                case AESKEYGENASSIST -> Aes.aeskeygenassist(v, d, s, imm);
                case PCLMULQDQ -> Aes.pclmulqdq(v, d, s, imm);
                case GF2P8MULB -> Aes.gf2p8mulb(v, d, s);
                case GF2P8AFFINEQB -> Aes.gf2p8affineqb(v, d, s, imm);
                case GF2P8AFFINEINVQB -> Aes.gf2p8affineinvqb(v, d, s, imm);
                default -> throw new IllegalStateException(op + " is not cryptographic");
            }
        }

        private static boolean hasImmediate(Op op) {
            return switch (op) {
                case SHA1RNDS4, AESKEYGENASSIST, PCLMULQDQ, GF2P8AFFINEQB, GF2P8AFFINEINVQB -> true;
                default -> false;
            };
        }

        private static String owner(Op op) {
            return op.name().startsWith("SHA") ? "Sha" : "Aes";
        }

        @Override
        public void emit(Emitter e) {
            VectorIntegers.emit(e, false, Family.CRYPTO, op, d, s, imm);
        }

        @Override
        public int emittedBytes() {
            return VectorCode.BYTES;
        }

        @Override
        public String toString() {
            return "%s xmm[%d], xmm[%d], %d".formatted(op, d, s, imm);
        }
    }
}
