package straddle.tcg.arm;

import java.util.ArrayList;
import java.util.List;

/// The encodings of ARMv7-A (DDI 0406C, chapter A8), in the manual's order within each group: instruction, how its last operand is written, which
/// encoding, and the fields from the top bit down.
///
/// The forms of the last operand: `i` a modified immediate of A32, `t` one of T32, `p` a plain immediate, `s` a register shifted by
/// an immediate, `r` one shifted by a register, `-` none of these. Behind the 32 or 16 bits may stand fields that an encoding implies;
/// `S=2` sets flags outside an IT block only. `x4` behind an immediate scales it. (0) and (1) are written as what they should be.
///
/// This is the one list of encodings: decoder, tests and the differential test's programs derive from it. Of the rows
/// that fit a word, the one that fixes most bits counts.
public final class Rows {
    private static final String DATA =
            """
            ADC i A1 cond 0010101 S Rn Rd imm12
            ADC t T1 11110 i 0 1010 S Rn 0 imm3 Rd imm8
            ADC s A1 cond 0000101 S Rn Rd imm5 type 0 Rm
            ADC s T1 010000 0101 Rm Rdn S=2
            ADC s T2 11101 01 1010 S Rn 0 imm3 Rd imm2 type Rm
            ADC r A1 cond 0000101 S Rn Rd Rs 0 type 1 Rm
            ADD i A1 cond 0010100 S Rn Rd imm12
            ADD p T1 000 11 1 0 imm3x1 Rn Rd S=2
            ADD p T2 001 10 Rdn imm8 S=2
            ADD t T3 11110 i 0 1000 S Rn 0 imm3 Rd imm8
            ADD p T4 11110 i 1 0000 0 Rn 0 imm3 Rd imm8
            ADD p T1 1010 1 Rd imm8x4 Rn=13
            ADD p T2 1011 0000 0 imm7x4 Rn=13 Rd=13
            ADD s A1 cond 0000100 S Rn Rd imm5 type 0 Rm
            ADD s T1 000 11 0 0 Rm Rn Rd S=2
            ADD s T2 010001 00 DN Rm4 RdnLow
            ADD s T3 11101 01 1000 S Rn 0 imm3 Rd imm2 type Rm
            ADD r A1 cond 0000100 S Rn Rd Rs 0 type 1 Rm
            ADR i A1 cond 001 01000 1111 Rd imm12
            ADR_SUB i A2 cond 001 00100 1111 Rd imm12
            ADR p T1 1010 0 Rd imm8x4
            ADR_SUB p T2 11110 i 10101 0 1111 0 imm3 Rd imm8
            ADR p T3 11110 i 10000 0 1111 0 imm3 Rd imm8
            AND i A1 cond 0010000 S Rn Rd imm12
            AND t T1 11110 i 0 0000 S Rn 0 imm3 Rd imm8
            AND s A1 cond 0000000 S Rn Rd imm5 type 0 Rm
            AND s T1 010000 0000 Rm Rdn S=2
            AND s T2 11101 01 0000 S Rn 0 imm3 Rd imm2 type Rm
            AND r A1 cond 0000000 S Rn Rd Rs 0 type 1 Rm
            BIC i A1 cond 0011110 S Rn Rd imm12
            BIC t T1 11110 i 0 0001 S Rn 0 imm3 Rd imm8
            BIC s A1 cond 0001110 S Rn Rd imm5 type 0 Rm
            BIC s T1 010000 1110 Rm Rdn S=2
            BIC s T2 11101 01 0001 S Rn 0 imm3 Rd imm2 type Rm
            BIC r A1 cond 0001110 S Rn Rd Rs 0 type 1 Rm
            CMN i A1 cond 00110111 Rn 0000 imm12
            CMN t T1 11110 i 0 1000 1 Rn 0 imm3 1111 imm8
            CMN s A1 cond 00010111 Rn 0000 imm5 type 0 Rm
            CMN s T1 010000 1011 Rm Rn
            CMN s T2 11101 01 1000 1 Rn 0 imm3 1111 imm2 type Rm
            CMN r A1 cond 00010111 Rn 0000 Rs 0 type 1 Rm
            CMP i A1 cond 00110101 Rn 0000 imm12
            CMP p T1 001 01 Rn imm8
            CMP t T2 11110 i 0 1101 1 Rn 0 imm3 1111 imm8
            CMP s A1 cond 00010101 Rn 0000 imm5 type 0 Rm
            CMP s T1 010000 1010 Rm Rn
            CMP s T2 010001 01 N Rm4 RnLow
            CMP s T3 11101 01 1101 1 Rn 0 imm3 1111 imm2 type Rm
            CMP r A1 cond 00010101 Rn 0000 Rs 0 type 1 Rm
            EOR i A1 cond 0010001 S Rn Rd imm12
            EOR t T1 11110 i 0 0100 S Rn 0 imm3 Rd imm8
            EOR s A1 cond 0000001 S Rn Rd imm5 type 0 Rm
            EOR s T1 010000 0001 Rm Rdn S=2
            EOR s T2 11101 01 0100 S Rn 0 imm3 Rd imm2 type Rm
            EOR r A1 cond 0000001 S Rn Rd Rs 0 type 1 Rm
            MOV i A1 cond 0011101 S 0000 Rd imm12
            MOV p A2 cond 00110000 imm4 Rd imm12
            MOV p T1 001 00 Rd imm8 S=2
            MOV t T2 11110 i 0 0010 S 1111 0 imm3 Rd imm8
            MOV p T3 11110 i 10 0 1 0 0 imm4 0 imm3 Rd imm8
            MOV s A1 cond 0001101 S 0000 Rd imm5 type 0 Rm
            MOV s T1 010001 10 D Rm4 RdLow
            MOV s T2 000 type imm5 Rm Rd S=2
            MOV s T3 11101 01 0010 S 1111 0 imm3 Rd imm2 type Rm
            MOV r A1 cond 0001101 S 0000 Rd Rs 0 type 1 Rm
            MOV r T1 010000 0010 Rs Rdm type=0 S=2
            MOV r T1 010000 0011 Rs Rdm type=1 S=2
            MOV r T1 010000 0100 Rs Rdm type=2 S=2
            MOV r T1 010000 0111 Rs Rdm type=3 S=2
            MOV r T2 11111 010 0 type S Rm 1111 Rd 0 000 Rs
            MOVT p A1 cond 00110100 imm4 Rd imm12
            MOVT p T1 11110 i 10 1 1 0 0 imm4 0 imm3 Rd imm8
            MVN i A1 cond 0011111 S 0000 Rd imm12
            MVN t T1 11110 i 0 0011 S 1111 0 imm3 Rd imm8
            MVN s A1 cond 0001111 S 0000 Rd imm5 type 0 Rm
            MVN s T1 010000 1111 Rm Rd S=2
            MVN s T2 11101 01 0011 S 1111 0 imm3 Rd imm2 type Rm
            MVN r A1 cond 0001111 S 0000 Rd Rs 0 type 1 Rm
            ORN t T1 11110 i 0 0011 S Rn 0 imm3 Rd imm8
            ORN s T1 11101 01 0011 S Rn 0 imm3 Rd imm2 type Rm
            ORR i A1 cond 0011100 S Rn Rd imm12
            ORR t T1 11110 i 0 0010 S Rn 0 imm3 Rd imm8
            ORR s A1 cond 0001100 S Rn Rd imm5 type 0 Rm
            ORR s T1 010000 1100 Rm Rdn S=2
            ORR s T2 11101 01 0010 S Rn 0 imm3 Rd imm2 type Rm
            ORR r A1 cond 0001100 S Rn Rd Rs 0 type 1 Rm
            RSB i A1 cond 0010011 S Rn Rd imm12
            RSB p T1 010000 1001 Rn Rd S=2
            RSB t T2 11110 i 0 1110 S Rn 0 imm3 Rd imm8
            RSB s A1 cond 0000011 S Rn Rd imm5 type 0 Rm
            RSB s T1 11101 01 1110 S Rn 0 imm3 Rd imm2 type Rm
            RSB r A1 cond 0000011 S Rn Rd Rs 0 type 1 Rm
            RSC i A1 cond 0010111 S Rn Rd imm12
            RSC s A1 cond 0000111 S Rn Rd imm5 type 0 Rm
            RSC r A1 cond 0000111 S Rn Rd Rs 0 type 1 Rm
            SBC i A1 cond 0010110 S Rn Rd imm12
            SBC t T1 11110 i 0 1011 S Rn 0 imm3 Rd imm8
            SBC s A1 cond 0000110 S Rn Rd imm5 type 0 Rm
            SBC s T1 010000 0110 Rm Rdn S=2
            SBC s T2 11101 01 1011 S Rn 0 imm3 Rd imm2 type Rm
            SBC r A1 cond 0000110 S Rn Rd Rs 0 type 1 Rm
            SUB i A1 cond 0010010 S Rn Rd imm12
            SUB p T1 000 11 1 1 imm3x1 Rn Rd S=2
            SUB p T2 001 11 Rdn imm8 S=2
            SUB t T3 11110 i 0 1101 S Rn 0 imm3 Rd imm8
            SUB p T4 11110 i 1 0101 0 Rn 0 imm3 Rd imm8
            SUB p T1 1011 0000 1 imm7x4 Rn=13 Rd=13
            SUB s A1 cond 0000010 S Rn Rd imm5 type 0 Rm
            SUB s T1 000 11 0 1 Rm Rn Rd S=2
            SUB s T2 11101 01 1101 S Rn 0 imm3 Rd imm2 type Rm
            SUB r A1 cond 0000010 S Rn Rd Rs 0 type 1 Rm
            TEQ i A1 cond 00110011 Rn 0000 imm12
            TEQ t T1 11110 i 0 0100 1 Rn 0 imm3 1111 imm8
            TEQ s A1 cond 00010011 Rn 0000 imm5 type 0 Rm
            TEQ s T1 11101 01 0100 1 Rn 0 imm3 1111 imm2 type Rm
            TEQ r A1 cond 00010011 Rn 0000 Rs 0 type 1 Rm
            TST i A1 cond 00110001 Rn 0000 imm12
            TST t T1 11110 i 0 0000 1 Rn 0 imm3 1111 imm8
            TST s A1 cond 00010001 Rn 0000 imm5 type 0 Rm
            TST s T1 010000 1000 Rm Rn
            TST s T2 11101 01 0000 1 Rn 0 imm3 1111 imm2 type Rm
            TST r A1 cond 00010001 Rn 0000 Rs 0 type 1 Rm
            """;

    private static final String MULTIPLY =
            """
            MLA - A1 cond 0000001 S Rd Ra Rm 1001 Rn
            MLA - T1 11111 0110 000 Rn Ra Rd 0000 Rm
            MLS - A1 cond 00000110 Rd Ra Rm 1001 Rn
            MLS - T1 11111 0110 000 Rn Ra Rd 0001 Rm
            MUL - A1 cond 0000000 S Rd 0000 Rm 1001 Rn
            MUL - T1 010000 1101 Rn Rdm S=2
            MUL - T2 11111 0110 000 Rn 1111 Rd 0000 Rm
            SDIV - A1 cond 01110 001 Rd 1111 Rm 000 1 Rn
            SDIV - T1 11111 011100 1 Rn 1111 Rd 1111 Rm
            SMLA_XY - A1 cond 00010000 Rd Ra Rm 1 m n 0 Rn
            SMLA_XY - T1 11111 0110 001 Rn Ra Rd 00 n m Rm
            SMLAD - A1 cond 01110000 Rd Ra Rm 00 m 1 Rn
            SMLAD - T1 11111 0110 010 Rn Ra Rd 000 m Rm
            SMLAL - A1 cond 0000111 S RdHi RdLo Rm 1001 Rn
            SMLAL - T1 11111 0111 100 Rn RdLo RdHi 0000 Rm
            SMLAL_XY - A1 cond 00010100 RdHi RdLo Rm 1 m n 0 Rn
            SMLAL_XY - T1 11111 0111 100 Rn RdLo RdHi 10 n m Rm
            SMLALD - A1 cond 01110100 RdHi RdLo Rm 00 m 1 Rn
            SMLALD - T1 11111 0111 100 Rn RdLo RdHi 110 m Rm
            SMLAW_Y - A1 cond 00010010 Rd Ra Rm 1 m 0 0 Rn
            SMLAW_Y - T1 11111 0110 011 Rn Ra Rd 000 m Rm
            SMLSD - A1 cond 01110000 Rd Ra Rm 01 m 1 Rn
            SMLSD - T1 11111 0110 100 Rn Ra Rd 000 m Rm
            SMLSLD - A1 cond 01110100 RdHi RdLo Rm 01 m 1 Rn
            SMLSLD - T1 11111 0111 101 Rn RdLo RdHi 110 m Rm
            SMMLA - A1 cond 01110101 Rd Ra Rm 00 R 1 Rn
            SMMLA - T1 11111 0110 101 Rn Ra Rd 000 R Rm
            SMMLS - A1 cond 01110101 Rd Ra Rm 11 R 1 Rn
            SMMLS - T1 11111 0110 110 Rn Ra Rd 000 R Rm
            SMUL_XY - A1 cond 00010110 Rd 0000 Rm 1 m n 0 Rn
            SMUL_XY - T1 11111 0110 001 Rn 1111 Rd 00 n m Rm
            SMULL - A1 cond 0000110 S RdHi RdLo Rm 1001 Rn
            SMULL - T1 11111 0111 000 Rn RdLo RdHi 0000 Rm
            SMULW_Y - A1 cond 00010010 Rd 0000 Rm 1 m 1 0 Rn
            SMULW_Y - T1 11111 0110 011 Rn 1111 Rd 000 m Rm
            UDIV - A1 cond 01110 011 Rd 1111 Rm 000 1 Rn
            UDIV - T1 11111 011101 1 Rn 1111 Rd 1111 Rm
            UMAAL - A1 cond 00000100 RdHi RdLo Rm 1001 Rn
            UMAAL - T1 11111 0111 110 Rn RdLo RdHi 0110 Rm
            UMLAL - A1 cond 0000101 S RdHi RdLo Rm 1001 Rn
            UMLAL - T1 11111 0111 110 Rn RdLo RdHi 0000 Rm
            UMULL - A1 cond 0000100 S RdHi RdLo Rm 1001 Rn
            UMULL - T1 11111 0111 010 Rn RdLo RdHi 0000 Rm
            USADA8 - A1 cond 01111000 Rd Ra Rm 0001 Rn
            USADA8 - T1 11111 0110 111 Rn Ra Rd 0000 Rm
            """;

    private static final String MEDIA =
            """
            BFC - A1 cond 0111110 msb Rd lsb 0011111
            BFC - T1 11110 0 11 011 0 1111 0 imm3 Rd imm2 0 msb
            BFI - A1 cond 0111110 msb Rd lsb 001 Rn
            BFI - T1 11110 0 11 011 0 Rn 0 imm3 Rd imm2 0 msb
            CLZ - A1 cond 00010110 1111 Rd 1111 0001 Rm
            CLZ - T1 11111 010 1 011 Rm4h 1111 Rd 1000 Rm
            PARALLEL - A1 cond 01100 op1 Rn Rd 1111 op2 1 Rm
            PARALLEL - T1 11111 010 1 op2t Rn 1111 Rd 0 op1t Rm
            PKH - A1 cond 01101000 Rn Rd imm5 tb 01 Rm
            PKH - T1 11101 01 0110 0 Rn 0 imm3 Rd imm2 tb 0 Rm
            QADD - A1 cond 00010000 Rn Rd 00000101 Rm
            QADD - T1 11111 010 1 000 Rn 1111 Rd 1000 Rm
            QDADD - A1 cond 00010100 Rn Rd 00000101 Rm
            QDADD - T1 11111 010 1 000 Rn 1111 Rd 1001 Rm
            QDSUB - A1 cond 00010110 Rn Rd 00000101 Rm
            QDSUB - T1 11111 010 1 000 Rn 1111 Rd 1011 Rm
            QSUB - A1 cond 00010010 Rn Rd 00000101 Rm
            QSUB - T1 11111 010 1 000 Rn 1111 Rd 1010 Rm
            RBIT - A1 cond 01101111 1111 Rd 1111 0011 Rm
            RBIT - T1 11111 010 1 001 Rm4h 1111 Rd 1010 Rm
            REV - A1 cond 01101011 1111 Rd 1111 0011 Rm
            REV - T1 1011 1010 00 Rm Rd
            REV - T2 11111 010 1 001 Rm4h 1111 Rd 1000 Rm
            REV16 - A1 cond 01101011 1111 Rd 1111 1011 Rm
            REV16 - T1 1011 1010 01 Rm Rd
            REV16 - T2 11111 010 1 001 Rm4h 1111 Rd 1001 Rm
            REVSH - A1 cond 01101111 1111 Rd 1111 1011 Rm
            REVSH - T1 1011 1010 11 Rm Rd
            REVSH - T2 11111 010 1 001 Rm4h 1111 Rd 1011 Rm
            SBFX - A1 cond 0111101 widthm1 Rd lsb 101 Rn
            SBFX - T1 11110 0 11 010 0 Rn 0 imm3 Rd imm2 0 widthm1
            SEL - A1 cond 01101000 Rn Rd 1111 1011 Rm
            SEL - T1 11111 010 1 010 Rn 1111 Rd 1000 Rm
            SSAT - A1 cond 0110101 sat Rd imm5 sh 01 Rn
            SSAT - T1 11110 0 11 00 sh 0 Rn 0 imm3 Rd imm2 0 sat
            SSAT16 - A1 cond 01101010 sat4 Rd 1111 0011 Rn
            SSAT16 - T1 11110 0 11 001 0 Rn 0 000 Rd 00 00 sat4
            SXTAB - A1 cond 01101010 Rn Rd rotate 00 0111 Rm
            SXTAB - T1 1011 0010 01 Rm Rd Rn=15
            SXTAB - T2 11111 010 0 100 Rn 1111 Rd 10 rotate Rm
            SXTAB16 - A1 cond 01101000 Rn Rd rotate 00 0111 Rm
            SXTAB16 - T1 11111 010 0 010 Rn 1111 Rd 10 rotate Rm
            SXTAH - A1 cond 01101011 Rn Rd rotate 00 0111 Rm
            SXTAH - T1 1011 0010 00 Rm Rd Rn=15
            SXTAH - T2 11111 010 0 000 Rn 1111 Rd 10 rotate Rm
            UBFX - A1 cond 0111111 widthm1 Rd lsb 101 Rn
            UBFX - T1 11110 0 11 110 0 Rn 0 imm3 Rd imm2 0 widthm1
            USAT - A1 cond 0110111 sat Rd imm5 sh 01 Rn
            USAT - T1 11110 0 11 10 sh 0 Rn 0 imm3 Rd imm2 0 sat
            USAT16 - A1 cond 01101110 sat4 Rd 1111 0011 Rn
            USAT16 - T1 11110 0 11 101 0 Rn 0 000 Rd 00 00 sat4
            UXTAB - A1 cond 01101110 Rn Rd rotate 00 0111 Rm
            UXTAB - T1 1011 0010 11 Rm Rd Rn=15
            UXTAB - T2 11111 010 0 101 Rn 1111 Rd 10 rotate Rm
            UXTAB16 - A1 cond 01101100 Rn Rd rotate 00 0111 Rm
            UXTAB16 - T1 11111 010 0 011 Rn 1111 Rd 10 rotate Rm
            UXTAH - A1 cond 01101111 Rn Rd rotate 00 0111 Rm
            UXTAH - T1 1011 0010 10 Rm Rd Rn=15
            UXTAH - T2 11111 010 0 001 Rn 1111 Rd 10 rotate Rm
            """;

    private static final String MEMORY =
            """
            LDM - A1 cond 100 P U 0 W 1 Rn list
            LDM - T1 1100 1 Rn list8 U=1 W=2
            LDM - T2 11101 00 010 W 1 Rn list U=1
            LDM - T1 11101 00 100 W 1 Rn list P=1
            LDM - T1 1011 1 10 P15 list8 Rn=13 U=1 W=1
            LDR p A1 cond 010 P U 0 W 1 Rn Rt imm12
            LDR s A1 cond 011 P U 0 W 1 Rn Rt imm5 type 0 Rm
            LDR p T1 011 0 1 imm5x4 Rn Rt P=1 U=1
            LDR p T2 1001 1 Rt imm8x4 Rn=13 P=1 U=1
            LDR p T1 01001 Rt imm8x4 Rn=15 P=1 U=1
            LDR p T3 11111 00 0 1 10 1 Rn Rt imm12 P=1 U=1
            LDR p T4 11111 00 0 0 10 1 Rn Rt 1 P U W imm8
            LDR p T2 11111 00 0 U 10 1 1111 Rt imm12 P=1 Rn=15
            LDR s T1 0101 100 Rm Rn Rt P=1 U=1
            LDR s T2 11111 00 0 0 10 1 Rn Rt 0 00000 shift2 Rm P=1 U=1
            LDRB p A1 cond 010 P U 1 W 1 Rn Rt imm12
            LDRB s A1 cond 011 P U 1 W 1 Rn Rt imm5 type 0 Rm
            LDRB p T1 011 1 1 imm5x1 Rn Rt P=1 U=1
            LDRB p T2 11111 00 0 1 00 1 Rn Rt imm12 P=1 U=1
            LDRB p T3 11111 00 0 0 00 1 Rn Rt 1 P U W imm8
            LDRB p T1 11111 00 0 U 00 1 1111 Rt imm12 P=1 Rn=15
            LDRB s T1 0101 110 Rm Rn Rt P=1 U=1
            LDRB s T2 11111 00 0 0 00 1 Rn Rt 0 00000 shift2 Rm P=1 U=1
            LDRD p A1 cond 000 P U 1 W 0 Rn Rt imm4h 1101 imm4l
            LDRD s A1 cond 000 P U 0 W 0 Rn Rt 0000 1101 Rm
            LDRD p T1 11101 00 P U 1 W 1 Rn Rt Rt2 imm8x4
            LDRH p A1 cond 000 P U 1 W 1 Rn Rt imm4h 1011 imm4l
            LDRH s A1 cond 000 P U 0 W 1 Rn Rt 0000 1011 Rm
            LDRH p T1 1000 1 imm5x2 Rn Rt P=1 U=1
            LDRH p T2 11111 00 0 1 01 1 Rn Rt imm12 P=1 U=1
            LDRH p T3 11111 00 0 0 01 1 Rn Rt 1 P U W imm8
            LDRH p T1 11111 00 0 U 01 1 1111 Rt imm12 P=1 Rn=15
            LDRH s T1 0101 101 Rm Rn Rt P=1 U=1
            LDRH s T2 11111 00 0 0 01 1 Rn Rt 0 00000 shift2 Rm P=1 U=1
            LDRSB p A1 cond 000 P U 1 W 1 Rn Rt imm4h 1101 imm4l
            LDRSB s A1 cond 000 P U 0 W 1 Rn Rt 0000 1101 Rm
            LDRSB p T1 11111 00 1 1 00 1 Rn Rt imm12 P=1 U=1
            LDRSB p T2 11111 00 1 0 00 1 Rn Rt 1 P U W imm8
            LDRSB p T1 11111 00 1 U 00 1 1111 Rt imm12 P=1 Rn=15
            LDRSB s T1 0101 011 Rm Rn Rt P=1 U=1
            LDRSB s T2 11111 00 1 0 00 1 Rn Rt 0 00000 shift2 Rm P=1 U=1
            LDRSH p A1 cond 000 P U 1 W 1 Rn Rt imm4h 1111 imm4l
            LDRSH s A1 cond 000 P U 0 W 1 Rn Rt 0000 1111 Rm
            LDRSH p T1 11111 00 1 1 01 1 Rn Rt imm12 P=1 U=1
            LDRSH p T2 11111 00 1 0 01 1 Rn Rt 1 P U W imm8
            LDRSH p T1 11111 00 1 U 01 1 1111 Rt imm12 P=1 Rn=15
            LDRSH s T1 0101 111 Rm Rn Rt P=1 U=1
            LDRSH s T2 11111 00 1 0 01 1 Rn Rt 0 00000 shift2 Rm P=1 U=1
            PLD - A1 1111 0101 U R 01 Rn 1111 imm12
            PLD - A1 1111 0111 U R 01 Rn 1111 imm5 type 0 Rm
            PLD - A1 1111 0100 U 101 Rn 1111 imm12
            PLD - A1 1111 0110 U 101 Rn 1111 imm5 type 0 Rm
            PLD - T1 11111 00 0 1 0 W 1 Rn 1111 imm12
            PLD - T2 11111 00 0 0 0 W 1 Rn 1111 1 100 imm8
            PLD - T1 11111 00 0 U 0 W 1 1111 1111 imm12
            PLD - T1 11111 00 0 0 0 W 1 Rn 1111 0 00000 shift2 Rm
            PLD - T1 11111 00 1 1 0 0 1 Rn 1111 imm12
            PLD - T2 11111 00 1 0 0 0 1 Rn 1111 1 100 imm8
            PLD - T3 11111 00 1 U 0 0 1 1111 1111 imm12
            PLD - T1 11111 00 1 0 0 0 1 Rn 1111 0 00000 shift2 Rm
            STM - A1 cond 100 P U 0 W 0 Rn list
            STM - T1 1100 0 Rn list8 U=1 W=1
            STM - T2 11101 00 010 W 0 Rn list U=1
            STM - T1 11101 00 100 W 0 Rn list P=1
            STM - T1 1011 0 10 P14 list8 Rn=13 P=1 W=1
            STR p A1 cond 010 P U 0 W 0 Rn Rt imm12
            STR s A1 cond 011 P U 0 W 0 Rn Rt imm5 type 0 Rm
            STR p T1 011 0 0 imm5x4 Rn Rt P=1 U=1
            STR p T2 1001 0 Rt imm8x4 Rn=13 P=1 U=1
            STR p T3 11111 00 0 1 10 0 Rn Rt imm12 P=1 U=1
            STR p T4 11111 00 0 0 10 0 Rn Rt 1 P U W imm8
            STR s T1 0101 000 Rm Rn Rt P=1 U=1
            STR s T2 11111 00 0 0 10 0 Rn Rt 0 00000 shift2 Rm P=1 U=1
            STRB p A1 cond 010 P U 1 W 0 Rn Rt imm12
            STRB s A1 cond 011 P U 1 W 0 Rn Rt imm5 type 0 Rm
            STRB p T1 011 1 0 imm5x1 Rn Rt P=1 U=1
            STRB p T2 11111 00 0 1 00 0 Rn Rt imm12 P=1 U=1
            STRB p T3 11111 00 0 0 00 0 Rn Rt 1 P U W imm8
            STRB s T1 0101 010 Rm Rn Rt P=1 U=1
            STRB s T2 11111 00 0 0 00 0 Rn Rt 0 00000 shift2 Rm P=1 U=1
            STRD p A1 cond 000 P U 1 W 0 Rn Rt imm4h 1111 imm4l
            STRD s A1 cond 000 P U 0 W 0 Rn Rt 0000 1111 Rm
            STRD p T1 11101 00 P U 1 W 0 Rn Rt Rt2 imm8x4
            STRH p A1 cond 000 P U 1 W 0 Rn Rt imm4h 1011 imm4l
            STRH s A1 cond 000 P U 0 W 0 Rn Rt 0000 1011 Rm
            STRH p T1 1000 0 imm5x2 Rn Rt P=1 U=1
            STRH p T2 11111 00 0 1 01 0 Rn Rt imm12 P=1 U=1
            STRH p T3 11111 00 0 0 01 0 Rn Rt 1 P U W imm8
            STRH s T1 0101 001 Rm Rn Rt P=1 U=1
            STRH s T2 11111 00 0 0 01 0 Rn Rt 0 00000 shift2 Rm P=1 U=1
            SWP - A1 cond 00010000 Rn Rt 0000 1001 Rm
            SWPB - A1 cond 00010100 Rn Rt 0000 1001 Rm
            """;

    private static final String SYNCHRONIZATION =
            """
            CLREX - A1 11110101 0111 1111 1111 0000 0001 1111
            CLREX - T1 11110 0111 01 1 1111 10 0 0 1111 0010 1111
            DMB - A1 11110101 0111 1111 1111 0000 0101 option
            DMB - T1 11110 0111 01 1 1111 10 0 0 1111 0101 option
            DMB - A1 11110101 0111 1111 1111 0000 0100 option
            DMB - T1 11110 0111 01 1 1111 10 0 0 1111 0100 option
            DMB - A1 11110101 0111 1111 1111 0000 0110 option
            DMB - T1 11110 0111 01 1 1111 10 0 0 1111 0110 option
            LDREX p A1 cond 00011001 Rn Rt 1111 1001 1111
            LDREX p T1 11101 00 0010 1 Rn Rt 1111 imm8x4
            LDREXB p A1 cond 00011101 Rn Rt 1111 1001 1111
            LDREXB p T1 11101 00 0110 1 Rn Rt 1111 0100 1111
            LDREXD p A1 cond 00011011 Rn Rt 1111 1001 1111
            LDREXD p T1 11101 00 0110 1 Rn Rt Rt2 0111 1111
            LDREXH p A1 cond 00011111 Rn Rt 1111 1001 1111
            LDREXH p T1 11101 00 0110 1 Rn Rt 1111 0101 1111
            STREX p A1 cond 00011000 Rn Rd 1111 1001 RtLow
            STREX p T1 11101 00 0010 0 Rn Rt Rd imm8x4
            STREXB p A1 cond 00011100 Rn Rd 1111 1001 RtLow
            STREXB p T1 11101 00 0110 0 Rn Rt 1111 0100 Rd
            STREXD p A1 cond 00011010 Rn Rd 1111 1001 RtLow
            STREXD p T1 11101 00 0110 0 Rn Rt Rt2 0111 Rd
            STREXH p A1 cond 00011110 Rn Rd 1111 1001 RtLow
            STREXH p T1 11101 00 0110 0 Rn Rt 1111 0101 Rd
            """;

    private static final String SYSTEM =
            """
            B - A1 cond 1010 imm24
            B - T1 1101 condB imm8s
            B - T2 11100 imm11s
            B - T3 11110 s condB imm6 10 j1 0 j2 imm11
            B - T4 11110 s imm10 10 j1 1 j2 imm11
            BKPT - A1 cond 00010010 imm12b 0111 imm4
            BKPT - T1 1011 1110 imm8
            BL - A1 cond 1011 imm24
            BL - T1 11110 s imm10 11 j1 1 j2 imm11
            BLX - A2 1111 101 h imm24
            BLX - T2 11110 s imm10 11 j1 0 j2 imm11
            BLX_REGISTER - A1 cond 00010010 1111 1111 1111 0011 Rm
            BLX_REGISTER - T1 010001 11 1 Rm4 000
            BX - A1 cond 00010010 1111 1111 1111 0001 Rm
            BX - A1 cond 00010010 1111 1111 1111 0010 Rm
            BX - T1 010001 11 0 Rm4 000
            CBZ - T1 1011 op 0 icb 1 imm5cb Rn
            IT - T1 1011 1111 condB mask
            MRC - A1 cond 1110 opc1 1 CRn Rt coproc opc2 1 CRm
            MCR - A1 cond 1110 opc1 0 CRn Rt coproc opc2 1 CRm
            MRS - A1 cond 00010000 1111 Rd 0000 0000 0000
            MRS - T1 11110 0111 11 0 1111 10 0 0 Rd 0000 0000
            MSR i A1 cond 00110 0 10 fields 1111 imm12
            MSR s A1 cond 00010 0 10 fields 1111 0000 0000 Rm
            MSR s T1 11110 0111 00 0 Rm 10 0 0 fields 0000 0000
            NOP - A1 cond 00110010 0000 1111 0000 hint
            NOP - T1 1011 1111 hint4 0000
            NOP - T2 11110 0111 01 0 1111 10 0 0 0000 hint
            SETEND - A1 1111 00010000 0001 0000 0000 0000 0000
            SETEND - T1 1011 0110 0101 0000
            SVC - A1 cond 1111 imm24
            SVC - T1 1101 1111 imm8
            TBB - T1 11101 00 0110 1 Rn 1111 0000 0000 Rm
            TBH - T1 11101 00 0110 1 Rn 1111 0000 0001 Rm
            UDF - A1 1110 01111111 imm12b 1111 imm4
            UDF - T1 1101 1110 imm8
            UDF - T2 11110 1111111 imm4 1010 imm12b
            """;

    // Coprocessor instructions, floating point among them, have in T32 the bits of A32 with
    // condition 1110 (A6.3.18).
    private static final String FLOAT =
            """
            VABS - A2 cond 11101 D 11 0000 Vd 101 sz 11 M 0 Vm
            VADD - A2 cond 11100 D 11 Vn Vd 101 sz N 0 M 0 Vm
            VCMP - A1 cond 11101 D 11 0100 Vd 101 sz 01 M 0 Vm
            VCMPE - A1 cond 11101 D 11 0100 Vd 101 sz 11 M 0 Vm
            VCMP_ZERO - A2 cond 11101 D 11 0101 Vd 101 sz 01 0 0 0000
            VCMPE_ZERO - A2 cond 11101 D 11 0101 Vd 101 sz 11 0 0 0000
            VCVT_DS - A1 cond 11101 D 11 0111 Vd 101 sz 11 M 0 Vm
            VCVT_FIXED - A1 cond 11101 D 11 1 opf 1 U Vd 101 sz sx 1 i5 0 imm4
            VCVT_FROM_INT - A1 cond 11101 D 11 1000 Vd 101 sz S 1 M 0 Vm
            VCVT_TO_INT - A1 cond 11101 D 11 110 S Vd 101 sz round 1 M 0 Vm
            VCVTB - A1 cond 11101 D 11 001 opf Vd 101 0 0 1 M 0 Vm
            VCVTT - A1 cond 11101 D 11 001 opf Vd 101 0 1 1 M 0 Vm
            VDIV - A1 cond 11101 D 00 Vn Vd 101 sz N 0 M 0 Vm
            VFMA - A2 cond 11101 D 10 Vn Vd 101 sz N 0 M 0 Vm
            VFMS - A2 cond 11101 D 10 Vn Vd 101 sz N 1 M 0 Vm
            VFNMA - A1 cond 11101 D 01 Vn Vd 101 sz N 1 M 0 Vm
            VFNMS - A1 cond 11101 D 01 Vn Vd 101 sz N 0 M 0 Vm
            VLDM - A1 cond 110 P U D W 1 Rn Vd 101 sz imm8
            VLDR - A1 cond 1101 U D 01 Rn Vd 101 sz imm8
            VMLA - A2 cond 11100 D 00 Vn Vd 101 sz N 0 M 0 Vm
            VMLS - A2 cond 11100 D 00 Vn Vd 101 sz N 1 M 0 Vm
            VMOV - A2 cond 11101 D 11 0000 Vd 101 sz 01 M 0 Vm
            VMOV_IMMEDIATE - A2 cond 11101 D 11 imm4 Vd 101 sz 0000 imm4l
            VMOV_CORE - A1 cond 1110000 op Vn Rt 1010 N 00 1 0000
            VMOV_LANE - A1 cond 1110 opc1 op Vn Rt 1011 N opc2l 1 0000
            VMOV_TWO - A1 cond 1100010 op Rt2 Rt 1010 00 M 1 Vm
            VMOV_D - A1 cond 1100010 op Rt2 Rt 1011 00 M 1 Vm
            VMRS - A1 cond 11101111 reg Rt 1010 0001 0000
            VMSR - A1 cond 11101110 reg Rt 1010 0001 0000
            VMUL - A2 cond 11100 D 10 Vn Vd 101 sz N 0 M 0 Vm
            VNEG - A2 cond 11101 D 11 0001 Vd 101 sz 01 M 0 Vm
            VNMLA - A1 cond 11100 D 01 Vn Vd 101 sz N 1 M 0 Vm
            VNMLS - A1 cond 11100 D 01 Vn Vd 101 sz N 0 M 0 Vm
            VNMUL - A1 cond 11100 D 10 Vn Vd 101 sz N 1 M 0 Vm
            VSQRT - A1 cond 11101 D 11 0001 Vd 101 sz 11 M 0 Vm
            VSTM - A1 cond 110 P U D W 0 Rn Vd 101 sz imm8
            VSTR - A1 cond 1101 U D 00 Rn Vd 101 sz imm8
            VSUB - A2 cond 11100 D 11 Vn Vd 101 sz N 1 M 0 Vm
            """;

    // Advanced SIMD (A7.4, A7.7): T32 has the same but for the first byte. Behind the name stand
    // the sizes of elements, where they differ,
    // in place of a form.
    private static final String VECTOR =
            """
            VABA BHS A1 1111 001 U 0 D size Vn Vd 0111 N Q M 1 Vm
            VABD BHS A1 1111 001 U 0 D size Vn Vd 0111 N Q M 0 Vm
            VABD_FLOAT S A1 1111 001 1 0 D 10 Vn Vd 1101 N Q M 0 Vm
            VACGE S A1 1111 001 1 0 D 00 Vn Vd 1110 N Q M 1 Vm
            VACGT S A1 1111 001 1 0 D 10 Vn Vd 1110 N Q M 1 Vm
            VADD_INTEGER BHSD A1 1111 001 0 0 D size Vn Vd 1000 N Q M 0 Vm
            VADD_FLOAT S A1 1111 001 0 0 D 00 Vn Vd 1101 N Q M 0 Vm
            VAND - A1 1111 001 0 0 D 00 Vn Vd 0001 N Q M 1 Vm
            VBIC - A1 1111 001 0 0 D 01 Vn Vd 0001 N Q M 1 Vm
            VBIF - A1 1111 001 1 0 D 11 Vn Vd 0001 N Q M 1 Vm
            VBIT - A1 1111 001 1 0 D 10 Vn Vd 0001 N Q M 1 Vm
            VBSL - A1 1111 001 1 0 D 01 Vn Vd 0001 N Q M 1 Vm
            VCEQ BHS A1 1111 001 1 0 D size Vn Vd 1000 N Q M 1 Vm
            VCEQ_FLOAT S A1 1111 001 0 0 D 00 Vn Vd 1110 N Q M 0 Vm
            VCGE BHS A1 1111 001 U 0 D size Vn Vd 0011 N Q M 1 Vm
            VCGE_FLOAT S A1 1111 001 1 0 D 00 Vn Vd 1110 N Q M 0 Vm
            VCGT BHS A1 1111 001 U 0 D size Vn Vd 0011 N Q M 0 Vm
            VCGT_FLOAT S A1 1111 001 1 0 D 10 Vn Vd 1110 N Q M 0 Vm
            VEOR - A1 1111 001 1 0 D 00 Vn Vd 0001 N Q M 1 Vm
            VFMA_VECTOR S A1 1111 001 0 0 D 00 Vn Vd 1100 N Q M 1 Vm
            VFMS_VECTOR S A1 1111 001 0 0 D 10 Vn Vd 1100 N Q M 1 Vm
            VHADD BHS A1 1111 001 U 0 D size Vn Vd 0000 N Q M 0 Vm
            VHSUB BHS A1 1111 001 U 0 D size Vn Vd 0010 N Q M 0 Vm
            VMAX BHS A1 1111 001 U 0 D size Vn Vd 0110 N Q M 0 Vm
            VMAX_FLOAT S A1 1111 001 0 0 D 00 Vn Vd 1111 N Q M 0 Vm
            VMIN BHS A1 1111 001 U 0 D size Vn Vd 0110 N Q M 1 Vm
            VMIN_FLOAT S A1 1111 001 0 0 D 10 Vn Vd 1111 N Q M 0 Vm
            VMLA_INTEGER BHS A1 1111 001 0 0 D size Vn Vd 1001 N Q M 0 Vm
            VMLA_FLOAT S A1 1111 001 0 0 D 00 Vn Vd 1101 N Q M 1 Vm
            VMLS_INTEGER BHS A1 1111 001 1 0 D size Vn Vd 1001 N Q M 0 Vm
            VMLS_FLOAT S A1 1111 001 0 0 D 10 Vn Vd 1101 N Q M 1 Vm
            VMUL_INTEGER BHS A1 1111 001 0 0 D size Vn Vd 1001 N Q M 1 Vm
            VMUL_FLOAT S A1 1111 001 1 0 D 00 Vn Vd 1101 N Q M 1 Vm
            VMUL_POLYNOMIAL B A1 1111 001 1 0 D 00 Vn Vd 1001 N Q M 1 Vm
            VORN - A1 1111 001 0 0 D 11 Vn Vd 0001 N Q M 1 Vm
            VORR - A1 1111 001 0 0 D 10 Vn Vd 0001 N Q M 1 Vm
            VPADD BHS A1 1111 001 0 0 D size Vn Vd 1011 N 0 M 1 Vm
            VPADD_FLOAT S A1 1111 001 1 0 D 00 Vn Vd 1101 N 0 M 0 Vm
            VPMAX BHS A1 1111 001 U 0 D size Vn Vd 1010 N 0 M 0 Vm
            VPMAX_FLOAT S A1 1111 001 1 0 D 00 Vn Vd 1111 N 0 M 0 Vm
            VPMIN BHS A1 1111 001 U 0 D size Vn Vd 1010 N 0 M 1 Vm
            VPMIN_FLOAT S A1 1111 001 1 0 D 10 Vn Vd 1111 N 0 M 0 Vm
            VQADD BHSD A1 1111 001 U 0 D size Vn Vd 0000 N Q M 1 Vm
            VQDMULH HS A1 1111 001 0 0 D size Vn Vd 1011 N Q M 0 Vm
            VQRDMULH HS A1 1111 001 1 0 D size Vn Vd 1011 N Q M 0 Vm
            VQRSHL BHSD A1 1111 001 U 0 D size Vn Vd 0101 N Q M 1 Vm
            VQSHL BHSD A1 1111 001 U 0 D size Vn Vd 0100 N Q M 1 Vm
            VQSUB BHSD A1 1111 001 U 0 D size Vn Vd 0010 N Q M 1 Vm
            VRECPS S A1 1111 001 0 0 D 00 Vn Vd 1111 N Q M 1 Vm
            VRHADD BHS A1 1111 001 U 0 D size Vn Vd 0001 N Q M 0 Vm
            VRSHL BHSD A1 1111 001 U 0 D size Vn Vd 0101 N Q M 0 Vm
            VRSQRTS S A1 1111 001 0 0 D 10 Vn Vd 1111 N Q M 1 Vm
            VSHL BHSD A1 1111 001 U 0 D size Vn Vd 0100 N Q M 0 Vm
            VSUB_INTEGER BHSD A1 1111 001 1 0 D size Vn Vd 1000 N Q M 0 Vm
            VSUB_FLOAT S A1 1111 001 0 0 D 10 Vn Vd 1101 N Q M 0 Vm
            VTST BHS A1 1111 001 0 0 D size Vn Vd 1000 N Q M 1 Vm
            VABAL BHS A2 1111 001 U 1 D size Vn Vd 0101 N 0 M 0 Vm
            VABDL BHS A2 1111 001 U 1 D size Vn Vd 0111 N 0 M 0 Vm
            VADDHN BHS A2 1111 001 0 1 D size Vn Vd 0100 N 0 M 0 Vm
            VADDL BHS A2 1111 001 U 1 D size Vn Vd 0000 N 0 M 0 Vm
            VADDW BHS A2 1111 001 U 1 D size Vn Vd 0001 N 0 M 0 Vm
            VMLAL BHS A2 1111 001 U 1 D size Vn Vd 1000 N 0 M 0 Vm
            VMLSL BHS A2 1111 001 U 1 D size Vn Vd 1010 N 0 M 0 Vm
            VMULL BHS A2 1111 001 U 1 D size Vn Vd 1100 N 0 M 0 Vm
            VMULL_POLYNOMIAL B A2 1111 001 0 1 D 00 Vn Vd 1110 N 0 M 0 Vm
            VQDMLAL HS A2 1111 001 0 1 D size Vn Vd 1001 N 0 M 0 Vm
            VQDMLSL HS A2 1111 001 0 1 D size Vn Vd 1011 N 0 M 0 Vm
            VQDMULL HS A2 1111 001 0 1 D size Vn Vd 1101 N 0 M 0 Vm
            VRADDHN BHS A2 1111 001 1 1 D size Vn Vd 0100 N 0 M 0 Vm
            VRSUBHN BHS A2 1111 001 1 1 D size Vn Vd 0110 N 0 M 0 Vm
            VSUBHN BHS A2 1111 001 0 1 D size Vn Vd 0110 N 0 M 0 Vm
            VSUBL BHS A2 1111 001 U 1 D size Vn Vd 0010 N 0 M 0 Vm
            VSUBW BHS A2 1111 001 U 1 D size Vn Vd 0011 N 0 M 0 Vm
            VMLA_SCALAR HS A2 1111 001 Q 1 D size Vn Vd 0000 N 1 M 0 Vm
            VMLA_FLOAT_SCALAR S A2 1111 001 Q 1 D 10 Vn Vd 0001 N 1 M 0 Vm
            VMLAL_SCALAR HS A2 1111 001 U 1 D size Vn Vd 0010 N 1 M 0 Vm
            VMLS_SCALAR HS A2 1111 001 Q 1 D size Vn Vd 0100 N 1 M 0 Vm
            VMLS_FLOAT_SCALAR S A2 1111 001 Q 1 D 10 Vn Vd 0101 N 1 M 0 Vm
            VMLSL_SCALAR HS A2 1111 001 U 1 D size Vn Vd 0110 N 1 M 0 Vm
            VMUL_SCALAR HS A2 1111 001 Q 1 D size Vn Vd 1000 N 1 M 0 Vm
            VMUL_FLOAT_SCALAR S A2 1111 001 Q 1 D 10 Vn Vd 1001 N 1 M 0 Vm
            VMULL_SCALAR HS A2 1111 001 U 1 D size Vn Vd 1010 N 1 M 0 Vm
            VQDMLAL_SCALAR HS A2 1111 001 0 1 D size Vn Vd 0011 N 1 M 0 Vm
            VQDMLSL_SCALAR HS A2 1111 001 0 1 D size Vn Vd 0111 N 1 M 0 Vm
            VQDMULH_SCALAR HS A2 1111 001 Q 1 D size Vn Vd 1100 N 1 M 0 Vm
            VQDMULL_SCALAR HS A2 1111 001 0 1 D size Vn Vd 1011 N 1 M 0 Vm
            VQRDMULH_SCALAR HS A2 1111 001 Q 1 D size Vn Vd 1101 N 1 M 0 Vm
            VABS_INTEGER BHS A1 1111 00111 D 11 size 01 Vd 0 0110 Q M 0 Vm
            VABS_FLOAT S A1 1111 00111 D 11 10 01 Vd 0 1110 Q M 0 Vm
            VCEQ_ZERO BHS A1 1111 00111 D 11 size 01 Vd 0 0010 Q M 0 Vm
            VCEQ_FLOAT_ZERO S A1 1111 00111 D 11 10 01 Vd 0 1010 Q M 0 Vm
            VCGE_ZERO BHS A1 1111 00111 D 11 size 01 Vd 0 0001 Q M 0 Vm
            VCGE_FLOAT_ZERO S A1 1111 00111 D 11 10 01 Vd 0 1001 Q M 0 Vm
            VCGT_ZERO BHS A1 1111 00111 D 11 size 01 Vd 0 0000 Q M 0 Vm
            VCGT_FLOAT_ZERO S A1 1111 00111 D 11 10 01 Vd 0 1000 Q M 0 Vm
            VCLE_ZERO BHS A1 1111 00111 D 11 size 01 Vd 0 0011 Q M 0 Vm
            VCLE_FLOAT_ZERO S A1 1111 00111 D 11 10 01 Vd 0 1011 Q M 0 Vm
            VCLT_ZERO BHS A1 1111 00111 D 11 size 01 Vd 0 0100 Q M 0 Vm
            VCLT_FLOAT_ZERO S A1 1111 00111 D 11 10 01 Vd 0 1100 Q M 0 Vm
            VCLS BHS A1 1111 00111 D 11 size 00 Vd 0 1000 Q M 0 Vm
            VCLZ BHS A1 1111 00111 D 11 size 00 Vd 0 1001 Q M 0 Vm
            VCNT B A1 1111 00111 D 11 00 00 Vd 0 1010 Q M 0 Vm
            VCVT_VECTOR S A1 1111 00111 D 11 10 11 Vd 0 11 op U Q M 0 Vm
            VCVT_TO_HALF H A1 1111 00111 D 11 01 10 Vd 0 1100 0 M 0 Vm
            VCVT_FROM_HALF H A1 1111 00111 D 11 01 10 Vd 0 1110 0 M 0 Vm
            VMOVN BHS A1 1111 00111 D 11 size 10 Vd 0 0100 0 M 0 Vm
            VMVN - A1 1111 00111 D 11 00 00 Vd 0 1011 Q M 0 Vm
            VNEG_INTEGER BHS A1 1111 00111 D 11 size 01 Vd 0 0111 Q M 0 Vm
            VNEG_FLOAT S A1 1111 00111 D 11 10 01 Vd 0 1111 Q M 0 Vm
            VPADAL BHS A1 1111 00111 D 11 size 00 Vd 0 110 U Q M 0 Vm
            VPADDL BHS A1 1111 00111 D 11 size 00 Vd 0 010 U Q M 0 Vm
            VQABS BHS A1 1111 00111 D 11 size 00 Vd 0 1110 Q M 0 Vm
            VQMOVN BHS A1 1111 00111 D 11 size 10 Vd 0 0101 U M 0 Vm
            VQMOVUN BHS A1 1111 00111 D 11 size 10 Vd 0 0100 1 M 0 Vm Q=0
            VQNEG BHS A1 1111 00111 D 11 size 00 Vd 0 1111 Q M 0 Vm
            VRECPE S A1 1111 00111 D 11 10 11 Vd 0 1000 Q M 0 Vm
            VRECPE_FLOAT S A1 1111 00111 D 11 10 11 Vd 0 1010 Q M 0 Vm
            VREV16 B A1 1111 00111 D 11 00 00 Vd 0 0010 Q M 0 Vm
            VREV32 BH A1 1111 00111 D 11 size 00 Vd 0 0001 Q M 0 Vm
            VREV64 BHS A1 1111 00111 D 11 size 00 Vd 0 0000 Q M 0 Vm
            VRSQRTE S A1 1111 00111 D 11 10 11 Vd 0 1001 Q M 0 Vm
            VRSQRTE_FLOAT S A1 1111 00111 D 11 10 11 Vd 0 1011 Q M 0 Vm
            VSHLL_WIDTH BHS A1 1111 00111 D 11 size 10 Vd 0 0110 0 M 0 Vm
            VSWP - A1 1111 00111 D 11 00 10 Vd 0 0000 Q M 0 Vm
            VTRN BHS A1 1111 00111 D 11 size 10 Vd 0 0001 Q M 0 Vm
            VUZP BH A1 1111 00111 D 11 size 10 Vd 0 0010 0 M 0 Vm
            VUZP BHS A1 1111 00111 D 11 size 10 Vd 0 0010 1 M 0 Vm Q=1
            VZIP BH A1 1111 00111 D 11 size 10 Vd 0 0011 0 M 0 Vm
            VZIP BHS A1 1111 00111 D 11 size 10 Vd 0 0011 1 M 0 Vm Q=1
            VCVT_VECTOR_FIXED S A1 1111 001 U 1 D imm6v Vd 111 op 0 Q M 1 Vm
            VQRSHRN BHS A1 1111 001 U 1 D imm6v Vd 1001 0 1 M 1 Vm
            VQRSHRUN BHS A1 1111 001 1 1 D imm6v Vd 1000 0 1 M 1 Vm
            VQSHL_IMMEDIATE BHSD A1 1111 001 U 1 D imm6v Vd 0111 L Q M 1 Vm
            VQSHLU BHSD A1 1111 001 1 1 D imm6v Vd 0110 L Q M 1 Vm
            VQSHRN BHS A1 1111 001 U 1 D imm6v Vd 1001 0 0 M 1 Vm
            VQSHRUN BHS A1 1111 001 1 1 D imm6v Vd 1000 0 0 M 1 Vm
            VRSHR BHSD A1 1111 001 U 1 D imm6v Vd 0010 L Q M 1 Vm
            VRSHRN BHS A1 1111 001 0 1 D imm6v Vd 1000 0 1 M 1 Vm
            VRSRA BHSD A1 1111 001 U 1 D imm6v Vd 0011 L Q M 1 Vm
            VSHL_IMMEDIATE BHSD A1 1111 001 0 1 D imm6v Vd 0101 L Q M 1 Vm
            VSHLL BHS A1 1111 001 U 1 D imm6v Vd 1010 0 0 M 1 Vm
            VSHR BHSD A1 1111 001 U 1 D imm6v Vd 0000 L Q M 1 Vm
            VSHRN BHS A1 1111 001 0 1 D imm6v Vd 1000 0 0 M 1 Vm
            VSLI BHSD A1 1111 001 1 1 D imm6v Vd 0101 L Q M 1 Vm
            VSRA BHSD A1 1111 001 U 1 D imm6v Vd 0001 L Q M 1 Vm
            VSRI BHSD A1 1111 001 1 1 D imm6v Vd 0100 L Q M 1 Vm
            VDUP - A1 1111 00111 D 11 imm4l Vd 11000 Q M 0 Vm
            VDUP_CORE - A1 cond 11101 b Q 0 Vd Rt 1011 D 0 e 1 0000
            VEXT - A1 1111 00101 D 11 Vn Vd imm4l N Q M 0 Vm
            VMOV_CONSTANT - A1 1111 001 i8 1 D 000 imm3h Vd cmode 0 Q op 1 imm4l
            VTBL - A1 1111 00111 D 11 Vn Vd 10 len N 0 M 0 Vm
            VTBX - A1 1111 00111 D 11 Vn Vd 10 len N 1 M 0 Vm
            VLD1 BHSD A1 1111 01000 D 10 Rn Vd 0111 size align Rm regs=1 inc=1
            VLD1 BHSD A1 1111 01000 D 10 Rn Vd 1010 size align Rm regs=2 inc=1
            VLD1 BHSD A1 1111 01000 D 10 Rn Vd 0110 size align Rm regs=3 inc=1
            VLD1 BHSD A1 1111 01000 D 10 Rn Vd 0010 size align Rm regs=4 inc=1
            VLD2 BHS A1 1111 01000 D 10 Rn Vd 1000 size align Rm regs=1 inc=1
            VLD2 BHS A1 1111 01000 D 10 Rn Vd 1001 size align Rm regs=1 inc=2
            VLD2 BHS A1 1111 01000 D 10 Rn Vd 0011 size align Rm regs=2 inc=2
            VLD3 BHS A1 1111 01000 D 10 Rn Vd 0100 size align Rm regs=1 inc=1
            VLD3 BHS A1 1111 01000 D 10 Rn Vd 0101 size align Rm regs=1 inc=2
            VLD4 BHS A1 1111 01000 D 10 Rn Vd 0000 size align Rm regs=1 inc=1
            VLD4 BHS A1 1111 01000 D 10 Rn Vd 0001 size align Rm regs=1 inc=2
            VLD1_LANE BHS A1 1111 01001 D 10 Rn Vd size 00 ia Rm
            VLD2_LANE BHS A1 1111 01001 D 10 Rn Vd size 01 ia Rm
            VLD3_LANE BHS A1 1111 01001 D 10 Rn Vd size 10 ia Rm
            VLD4_LANE BHS A1 1111 01001 D 10 Rn Vd size 11 ia Rm
            VST1 BHSD A1 1111 01000 D 00 Rn Vd 0111 size align Rm regs=1 inc=1
            VST1 BHSD A1 1111 01000 D 00 Rn Vd 1010 size align Rm regs=2 inc=1
            VST1 BHSD A1 1111 01000 D 00 Rn Vd 0110 size align Rm regs=3 inc=1
            VST1 BHSD A1 1111 01000 D 00 Rn Vd 0010 size align Rm regs=4 inc=1
            VST2 BHS A1 1111 01000 D 00 Rn Vd 1000 size align Rm regs=1 inc=1
            VST2 BHS A1 1111 01000 D 00 Rn Vd 1001 size align Rm regs=1 inc=2
            VST2 BHS A1 1111 01000 D 00 Rn Vd 0011 size align Rm regs=2 inc=2
            VST3 BHS A1 1111 01000 D 00 Rn Vd 0100 size align Rm regs=1 inc=1
            VST3 BHS A1 1111 01000 D 00 Rn Vd 0101 size align Rm regs=1 inc=2
            VST4 BHS A1 1111 01000 D 00 Rn Vd 0000 size align Rm regs=1 inc=1
            VST4 BHS A1 1111 01000 D 00 Rn Vd 0001 size align Rm regs=1 inc=2
            VST1_LANE BHS A1 1111 01001 D 00 Rn Vd size 00 ia Rm
            VST2_LANE BHS A1 1111 01001 D 00 Rn Vd size 01 ia Rm
            VST3_LANE BHS A1 1111 01001 D 00 Rn Vd size 10 ia Rm
            VST4_LANE BHS A1 1111 01001 D 00 Rn Vd size 11 ia Rm
            VLD1_ALL BHS A1 1111 01001 D 10 Rn Vd 11 00 size T a Rm
            VLD2_ALL BHS A1 1111 01001 D 10 Rn Vd 11 01 size T a Rm
            VLD3_ALL BHS A1 1111 01001 D 10 Rn Vd 11 10 size T a Rm
            VLD4_ALL BHSD A1 1111 01001 D 10 Rn Vd 11 11 size T a Rm
            """;

    /// A part of the list.
    public record Chapter(String title, List<Row> rows) {
        private static Chapter of(String title, String table) {
            List<Row> rows = new ArrayList<>(200);
            int from = 0;
            while (from < table.length()) {
                int to = table.indexOf('\n', from);
                rows.add(Row.of(table.substring(from, to)));
                from = to + 1;
            }
            return new Chapter(title, rows);
        }
    }

    private static final List<Chapter> CHAPTERS =
            List.of(
                    Chapter.of("Data processing", DATA),
                    Chapter.of("Multiplication and division", MULTIPLY),
                    Chapter.of("Saturation, packing and bit fields", MEDIA),
                    Chapter.of("Loads and stores", MEMORY),
                    Chapter.of("Synchronization", SYNCHRONIZATION),
                    Chapter.of("Branches and the system", SYSTEM),
                    Chapter.of("Floating point", FLOAT),
                    Chapter.of("Advanced SIMD", VECTOR));

    private static final List<Row> ALL =
            CHAPTERS.stream().flatMap(chapter -> chapter.rows.stream()).toList();

    private Rows() {}

    public static List<Chapter> chapters() {
        return CHAPTERS;
    }

    /// Every row.
    public static List<Row> all() {
        return ALL;
    }
}
