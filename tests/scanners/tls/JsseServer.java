import java.io.FileInputStream;
import java.io.InputStream;
import java.net.InetAddress;
import java.security.KeyStore;
import java.security.Security;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

/** A TLS server with everything that JSSE can still speak: java JsseServer.java PORT KEYSTORE PASSWORD [PROTOCOL,…]. */
public class JsseServer {
    public static void main(String[] args) throws Exception {
        for (String name : new String[] {"jdk.tls.disabledAlgorithms", "jdk.certpath.disabledAlgorithms", "jdk.tls.legacyAlgorithms"}) {
            Security.setProperty(name, "");
        }
        char[] password = args[2].toCharArray();
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream file = new FileInputStream(args[1])) {
            store.load(file, password);
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(store, password);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        SSLServerSocket server = (SSLServerSocket) context.getServerSocketFactory()
            .createServerSocket(Integer.parseInt(args[0]), 64, InetAddress.getByName("127.0.0.1"));
        server.setEnabledCipherSuites(server.getSupportedCipherSuites());
        server.setEnabledProtocols(args.length > 3 ? args[3].split(",") : server.getSupportedProtocols());
        for (String suite : server.getEnabledCipherSuites()) {
            System.out.println("suite " + suite);
        }
        System.out.println("protocols " + String.join(",", server.getEnabledProtocols()));
        System.out.flush();
        while (true) {
            SSLSocket client = (SSLSocket) server.accept();
            Thread thread = new Thread(() -> serve(client));
            thread.setDaemon(true);
            thread.start();
        }
    }

    private static void serve(SSLSocket client) {
        try (client) {
            client.setSoTimeout(20000);
            client.startHandshake();
            client.getInputStream().read();
        } catch (Exception ended) {
            // a scanner breaks every handshake off: nothing to tell
        }
    }
}
