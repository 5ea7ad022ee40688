package io.patchbay.core.control.http;

/**
 * What a request is answered with.
 *
 * @param status HTTP status
 * @param type media type of the body
 */
public record Answer(int status, String type, String body) {

    public static final String JSON = "application/json";
    public static final String TEXT = "text/plain; charset=utf-8";
    private static final String PROBLEM = "application/problem+json";

    public static Answer json(String body) {
        return new Answer(200, JSON, body);
    }

    public static Answer text(int status, String body) {
        return new Answer(status, TEXT, body);
    }

    /** A failure as RFC 9457 writes it. */
    public static Answer problem(int status, String detail) {
        String escaped = detail.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
        return new Answer(status, PROBLEM, "{\"status\":" + status + ",\"detail\":\"" + escaped + "\"}");
    }
}
