package io.patchbay.core.port;

/** A setting has a value it cannot have. Thrown by the canonical constructors of settings records. */
public final class SettingException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    private final String setting;
    private final String value;
    private final String allowed;

    private SettingException(String setting, String value, String allowed) {
        super(setting + " is " + value + "; allowed: " + allowed);
        this.setting = setting;
        this.value = value;
        this.allowed = allowed;
    }

    /**
     * @param setting the key in the JSON object
     * @param value what was given
     * @param allowed what may be given, as a phrase
     */
    public static SettingException of(String setting, Object value, String allowed) {
        return new SettingException(setting, String.valueOf(value), allowed);
    }

    public String setting() {
        return setting;
    }

    public String value() {
        return value;
    }

    public String allowed() {
        return allowed;
    }
}
