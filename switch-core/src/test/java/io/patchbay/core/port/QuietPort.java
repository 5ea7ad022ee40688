package io.patchbay.core.port;

/** A port that nothing happens to: what a test is not about. */
public abstract class QuietPort implements Port {

    @Override
    public void start(PortContext context) throws PortException {}

    @Override
    public PortStatus status() {
        return PortStatus.up("quiet");
    }

    @Override
    public Record details() {
        return status();
    }

    @Override
    public void fault(Throwable cause) {}

    @Override
    public void close() {}
}
