// Credentials of every kind, planted where they turn up, and what is none left as it is. All are
// made up, or taken from the documentation of those who issue them.

import Telemetry
import Testing

@Suite struct SecretPatternTests {
  @Test(
    arguments: [
      // Names and values, as settings, environments, JSON and flags have them.
      ("password=hunter2", "password=‹redacted›"),
      ("password: swordfish and more", "password: ‹redacted› and more"),
      ("DB_PASSWORD = hunter2, next", "DB_PASSWORD = ‹redacted›, next"),
      ("secret_key=wJalrXUtnFEMI/K7MDENG", "secret_key=‹redacted›"),
      ("AWS_SECRET_ACCESS_KEY=wJalr+XUt/nFEMI=", "AWS_SECRET_ACCESS_KEY=‹redacted›"),
      (
        #"{"secret_key": "wJalr", "region": "eu"}"#,
        #"{"secret_key": "‹redacted›", "region": "eu"}"#
      ),
      (#"{"clientSecret":"a\"b","x":1}"#, #"{"clientSecret":"‹redacted›","x":1}"#),
      (#"{\"api_key\": \"abc\", \"x\": 1}"#, #"{\"api_key\": \"‹redacted›\", \"x\": 1}"#),
      ("'session_token': 'FwoGZXIvYXdzE'", "'session_token': '‹redacted›'"),
      ("--password hunter2 --port 1", "--password ‹redacted› --port 1"),
      ("--secret-key=abc next", "--secret-key=‹redacted› next"),
      ("pwd=abc;Host=db", "pwd=‹redacted›;Host=db"),
      ("customer_secret: 6f1a", "customer_secret: ‹redacted›"),
      ("host=db user=p4 password=hunter2 dbname=x", "host=db user=p4 password=‹redacted› dbname=x"),
      // Signed addresses.
      (
        "GET /b/k?X-Amz-Credential=AKIDEXAMPLE%2F2026&X-Amz-Date=1&X-Amz-Signature=fe5f80",
        "GET /b/k?X-Amz-Credential=‹redacted›&X-Amz-Date=1&X-Amz-Signature=‹redacted›"
      ),
      ("?X-Amz-Security-Token=IQoJb3Jp%2F%3D&x=1", "?X-Amz-Security-Token=‹redacted›&x=1"),
      ("?sv=2022-11-02&sr=b&sig=Z%2FRHIX5Xcg%3D&se=1", "?sv=2022-11-02&sr=b&sig=‹redacted›&se=1"),
      ("url=x%3Fsig%3DabcD%26se%3D1", "url=x%3Fsig%3D‹redacted›%26se%3D1"),
      (
        "?AWSAccessKeyId=AKID&Signature=abC%3D&Expires=1",
        "?AWSAccessKeyId=‹redacted›&Signature=‹redacted›&Expires=1"
      ),
      ("?X-Goog-Signature=0a1b&X-Goog-Date=1", "?X-Goog-Signature=‹redacted›&X-Goog-Date=1"),
      // Headers.
      (
        "Authorization: AWS4-HMAC-SHA256 Credential=AKID/2026, Signature=fe5f\r\nHost: x",
        "Authorization: ‹redacted›\r\nHost: x"
      ),
      ("authorization: Bearer abc.def", "authorization: ‹redacted›"),
      ("Proxy-Authorization: Basic dXNlcjpwYXNz", "Proxy-Authorization: ‹redacted›"),
      ("Set-Cookie: id=1; Path=/\nnext", "Set-Cookie: ‹redacted›\nnext"),
      (#"-H "Authorization: Bearer x" next"#, #"-H "Authorization: ‹redacted›"#),
      ("x-amz-security-token: IQoJb3JpZ2lu", "x-amz-security-token: ‹redacted›"),
      // Schemes without their header.
      ("sent Bearer ya29.a0Af-xyz to it", "sent Bearer ‹redacted› to it"),
      ("Basic dXNlcjpwYXNz", "Basic ‹redacted›"),
      ("SharedKey account:ctzMq410TV3w=", "SharedKey ‹redacted›"),
      ("AWS AKID:frJIUN8DYpKDtOLC=", "AWS ‹redacted›"),
      ("token=Bearer abc123 x", "token=‹redacted› x"),
      // Connection strings and addresses.
      (
        "AccountName=acc;AccountKey=Eby8vdM02xNO==;EndpointSuffix=x",
        "AccountName=acc;AccountKey=‹redacted›;EndpointSuffix=x"
      ),
      ("postgres://p4:hunter2@db:5432/x?sslmode=1", "postgres://p4:‹redacted›@db:5432/x?sslmode=1"),
      ("https://user:p@ss@host/", "https://user:‹redacted›@host/"),
      // Keys that are known by their beginning.
      ("for AKIAIOSFODNN7EXAMPLE in eu", "for ‹redacted› in eu"),
      ("ASIAIOSFODNN7EXAMPLE", "‹redacted›"),
      ("key AIzaSyA1234567890abcdefghijklmnopqrstuvw.", "key ‹redacted›"),
      ("got ya29.a0AfH6SMBx-y_z ok", "got ‹redacted› ok"),
      (
        "jwt eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln-bmF0_dXJl end",
        "jwt ‹redacted› end"
      ),
      // Keys in full.
      (
        "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAK\n-----END RSA PRIVATE KEY-----\nb",
        "a\n‹redacted›\nb"
      ),
      ("-----BEGIN PRIVATE KEY-----\nMIIEow", "‹redacted›"),
      (
        #""private_key": "-----BEGIN PRIVATE KEY-----\nMIIEow\n-----END PRIVATE KEY-----\n", "x""#,
        #""private_key": "‹redacted›", "x""#
      ),
      (
        #"-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blb\n-----END OPENSSH PRIVATE KEY-----\nrest"#,
        #"‹redacted›\nrest"#
      ),
    ] as [(String, String)])
  func `a credential is hidden and what is around it is not`(_ text: String, _ expected: String) {
    #expect(withoutSecrets(text) == expected)
  }

  @Test(arguments: [
    "", "stored art/a b.png in 12 ms", "the signature: invalid", "the token: expired",
    "a token of affection", "basic understanding of it", "bearer certificates", "key=art/a.png",
    "https://db:5432/x?y=1", "https://user@host/x", "token", "password", "password=", "secret: ",
    "passwords are hidden", "AKIA is a prefix", "eyJ is one too", "eyJhbGciOiJSUzI1NiJ9 alone",
    "-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----", "-----BEGIN", "://", ":", "--",
    "12:30:45", "state=dirty pwd", "signed: true", "a ‹redacted› b", "äöü=中", "x%3", "\\\"",
  ])
  func `what is no credential is left as it is`(_ text: String) {
    #expect(withoutSecrets(text) == text)
  }

  @Test func `what was hidden stays hidden when it is looked at again`() {
    let once = withoutSecrets("password=hunter2&x=1 Authorization: Bearer abc")
    #expect(withoutSecrets(once) == once)
  }

  @Test func `no cut of a text makes the scan fail`() {
    let text =
      #"a "secret_key": "x\"y" AKIAIOSFODNN7EXAMPLE ://u:p@h -----BEGIN PRIVATE KEY-----%3D"#
    let bytes = Array(text.utf8)
    for start in bytes.indices {
      for end in start...bytes.count {
        _ = withoutSecrets(String(decoding: bytes[start..<end], as: UTF8.self))
      }
    }
  }

  @Test(
    arguments: [
      ("password", true), ("secret_key", true), ("AWS_SESSION_TOKEN", true), ("sig", true),
      ("x-amz-signature", true), ("Authorization", true), ("accountKey", true), ("token", true),
      ("key", false), ("path", false), ("bytes", false), ("design", false), ("tokens", false),
    ] as [(String, Bool)])
  func `a name says whether its value is a credential`(_ name: String, _ isSecret: Bool) {
    #expect(isSecretName(name) == isSecret)
  }
}
