package io.patchbay.vhost.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.vhost.memory.MemoryPool.Share;
import org.junit.jupiter.api.Test;

class MemoryPoolTest {

    private static final int OWN = MemoryPool.REGIONS_OF_OWN;

    private final MemoryPool pool = new MemoryPool(1000, 10);

    @Test
    void allPortsTogetherMapNoMoreBytesThanThereAre() throws InvalidMemoryException {
        pool.exchange(Share.NONE, new Share(1, 600));

        assertThatThrownBy(() -> pool.exchange(Share.NONE, new Share(1, 401)))
                .hasMessageContaining("all ports together");
        pool.exchange(Share.NONE, new Share(1, 400));
        assertThat(pool.taken().bytes()).isEqualTo(1000);
    }

    @Test
    void allPortsTogetherMapNoMoreRegionsThanThereAreBesidesTheirOwn() throws InvalidMemoryException {
        pool.exchange(Share.NONE, new Share(OWN + 10, 1));

        assertThatThrownBy(() -> pool.exchange(Share.NONE, new Share(OWN + 1, 1)))
                .hasMessageContaining("memory regions beyond their first " + OWN);
        pool.exchange(Share.NONE, new Share(OWN, 1));
    }

    @Test
    void whatAPortHadIsThereForItAgain() throws InvalidMemoryException {
        pool.exchange(Share.NONE, new Share(OWN + 10, 1000));

        pool.exchange(new Share(OWN + 10, 1000), new Share(OWN + 9, 1000));
        pool.takeBack(new Share(OWN + 9, 1000), Share.NONE);
        assertThat(pool.taken()).isEqualTo(Share.NONE);
    }

    @Test
    void aPortMayTakeLessAlsoWhenThereIsTooMuch() throws InvalidMemoryException {
        Share refused = new Share(OWN + 5, 500);
        pool.exchange(Share.NONE, refused);
        pool.takeBack(
                Share.NONE, new Share(OWN + 10, 1000)); // another's change was undone after this one took its room

        pool.exchange(refused, new Share(OWN + 4, 400));
        assertThat(pool.taken()).isEqualTo(new Share(14, 1400));
    }

    @Test
    void thisProcessHasRoomForManyPorts() {
        MemoryPool mine = MemoryPool.ofThisProcess();

        assertThat(mine.mostRegions()).isBetween(100, 32_765 * 2);
    }
}
