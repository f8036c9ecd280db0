package straddle.core.vcpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class StatisticsTest {
    private final Statistics statistics = new Statistics();

    @Test
    void theFiguresOfSeveralVcpusAddUp() {
        statistics.count("memory", "page walks", 3);
        statistics.count("memory", "page walks", 4);

        assertEquals(7, statistics.of("memory", "page walks"));
    }

    @Test
    void groupsStayTogetherInTheOrderOfTheirFirstMention() {
        statistics.count("memory", "page walks", 1);
        statistics.nanos("host", "time", 2);
        statistics.count("memory", "TLB misses", 3);

        assertEquals(
                List.of("page walks", "TLB misses", "time"),
                statistics.figures().stream().map(Statistics.Figure::name).toList());
    }

    @Test
    void whatOneVcpuDoesNotKnowIsUnknownOfAll() {
        statistics.tier("native", 5, 10);
        statistics.tier("native", -1, 20);

        assertEquals(List.of(new Statistics.Tier("native", -1, 30)), statistics.tiers());
    }

    @Test
    void aFigureThatNothingWasAddedToIsZero() {
        assertEquals(0, statistics.of("memory", "page walks"));
    }
}
