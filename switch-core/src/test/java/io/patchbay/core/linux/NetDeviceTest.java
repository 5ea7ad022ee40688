package io.patchbay.core.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.junit.jupiter.api.Test;

/** What can be asked without any privilege; what takes root is shown in the testbed. */
class NetDeviceTest {

    private static final int ARPHRD_LOOPBACK = 772;

    @Test
    void theLoopbackDeviceIsWhatItIs() {
        NetDevice.Link lo = NetDevice.info("lo");
        assertThat(lo.index()).isPositive();
        assertThat(lo.type()).isEqualTo(ARPHRD_LOOPBACK);
        assertThat(lo.mtu()).isPositive();
        assertThat(lo.address()).containsOnly(0);
    }

    @Test
    void aDeviceThatDoesNotExistIsRefusedWithCallNameAndErrno() {
        LinuxException e = catchThrowableOfType(LinuxException.class, () -> NetDevice.info("pbnosuch0"));
        assertThat(e.call()).isEqualTo("ioctl(SIOCGIFINDEX)");
        assertThat(e.errno()).isEqualTo(Errno.ENODEV);
        assertThat(e).hasMessageContaining("pbnosuch0").hasMessageContaining("no such device");
    }

    @Test
    void aNameThatIsTooLongIsRefusedBeforeTheKernelCutsIt() {
        assertThatThrownBy(() -> NetDevice.info("a-name-of-16-by."))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("allowed: 1 to 15");
    }
}
