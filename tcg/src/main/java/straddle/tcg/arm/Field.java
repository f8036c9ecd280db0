package straddle.tcg.arm;

/// Where the parts of an encoding go: operands as the translator sees them, whatever the encoding.
public enum Field {
    COND,
    S,
    RN,
    RD,
    RM,
    RS,
    RA,
    RT,
    RT2,
    RDLO,
    RDHI,

    /// An immediate: plain, or what a modified one is made of.
    IMM,

    /// Kind of a shift, and by how much.
    TYPE,
    SHIFT,
    P,
    U,
    W,
    LIST,
    LSB,
    MSB,
    WIDTH,
    SAT,
    ROTATE,
    OP1,
    OP2,
    X,
    Y,
    ROUND,

    /// Parts of a branch's distance.
    SIGN,
    J1,
    J2,
    IMM6,
    IMM10,
    IMM11,
    MASK,
    FIELDS,
    HINT,
    OPC1,
    OPC2,
    CRN,
    CRM,
    COPROC,

    /// Vector registers: the manual's Vd:D and its kin, put together by width.
    VD,
    VN,
    VM,
    D,
    N,
    M,
    SZ,
    OP,

    // Advanced SIMD.
    SIZE,
    Q,
    CMODE,
    LEN,
    REGISTERS,
    STEP,
    ALIGN,
    INDEX
}
