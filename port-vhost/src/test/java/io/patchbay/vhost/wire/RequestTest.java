package io.patchbay.vhost.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestTest {

    @Test
    void theTableHasEveryRequestOfTheProtocolOnce() {
        assertThat(Arrays.stream(Request.values()).map(Request::number))
                .containsExactlyElementsOf(IntStream.rangeClosed(1, 44).boxed().toList());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 45, -1, Integer.MIN_VALUE})
    void aNumberOutsideTheTableIsNoRequest(int number) {
        assertThat(Request.of(number)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "1, GET_FEATURES, 0, ALWAYS",
        "5, SET_MEM_TABLE, -1, IF_ASKED",
        "6, SET_LOG_BASE, 16, IF_OBEYED",
        "7, SET_LOG_FD, 0, IF_ASKED",
        "9, SET_VRING_ADDR, 40, IF_ASKED",
        "11, GET_VRING_BASE, 8, ALWAYS",
        "12, SET_VRING_KICK, 8, IF_ASKED",
        "17, GET_QUEUE_NUM, 0, ALWAYS",
        "18, SET_VRING_ENABLE, 8, IF_ASKED",
        "19, SEND_RARP, 8, IF_ASKED",
        "34, RESET_DEVICE, 0, IF_ASKED",
        "36, GET_MAX_MEM_SLOTS, 0, ALWAYS",
        "37, ADD_MEM_REG, 40, IF_ASKED",
        "38, REM_MEM_REG, 40, IF_ASKED",
        "39, SET_STATUS, 8, IF_ASKED",
        "40, GET_STATUS, 0, ALWAYS"
    })
    void aRequestHasTheFormOfTheSpecification(int number, Request request, int bytes, Request.Reply reply) {
        assertThat(Request.of(number)).contains(request);
        assertThat(request.payloadBytes()).isEqualTo(bytes);
        assertThat(request.reply()).isEqualTo(reply);
        assertThat(request.served()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "GET_CONFIG, 12", // of which the size is 0: the specification's way to say "error"
        "GET_VRING_BASE, 0",
        "GET_INFLIGHT_FD, 24",
        "GET_SHMEM_CONFIG, 2056",
        "IOTLB_MSG, 8",
        "POSTCOPY_END, 8"
    })
    void aRequestThatIsAlwaysAnsweredHasAWayToFail(Request request, int bytes) {
        assertThat(request.failure()).hasSize(bytes);
    }

    @Test
    void aDeclinedDeviceStateSaysErrorAndNoDescriptor() {
        Message reply = Message.reply(42, Request.SET_DEVICE_STATE_FD.failure());

        assertThat(reply.asNumber()).isEqualTo(0x101);
    }
}
