package straddle.core.user;

import java.util.HashMap;
import java.util.Map;

/// Anonymous memory that several processes share: made by mmap(2) with MAP_SHARED, by shm.
public final class SharedPages extends PageSource {
    private final Frames frames;
    private final long bytes;
    private final String description;
    private final Map<Long, Long> pages = new HashMap<>();

    /// @param bytes its length; pages behind are beyond it
    public SharedPages(Frames frames, long bytes, String description) {
        this.frames = frames;
        this.bytes = bytes;
        this.description = description;
    }

    @Override
    public synchronized long page(long offset) {
        if (offset < 0 || offset >= bytes) {
            return BEYOND;
        }
        Long there = pages.get(offset);
        if (there == null) {
            there = frames.allocate();
            if (there == 0) {
                return NO_MEMORY;
            }
            pages.put(offset, there);
        }
        frames.retain(there);
        return there;
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    protected synchronized void close() {
        pages.values().forEach(frames::release);
        pages.clear();
    }
}
