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
    void whatWasThereBeforeCanBeLeftOut() {
        statistics.count("memory", "page walks", 3);
        statistics.count("memory", "TLB misses", 9);
        statistics.tier("native", 5, -1);
        Statistics before = statistics.minus(new Statistics());
        statistics.count("memory", "page walks", 4);
        statistics.tier("native", 7, -1);
        Statistics since = statistics.minus(before);

        assertEquals(
                List.of(new Statistics.Figure("memory", "page walks", Statistics.Unit.COUNT, 4)),
                since.figures());
        assertEquals(List.of(new Statistics.Tier("native", 7, -1)), since.tiers());
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
