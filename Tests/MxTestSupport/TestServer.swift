import Glibc

/// A server on 127.0.0.1 for one test: a thread for each connection, which does
/// what `serve` says.
package final class TestServer: @unchecked Sendable {
  package let port: UInt16
  private let listener: Int32
  private let serve: @Sendable (TestConnection) -> Void

  package init(_ serve: @escaping @Sendable (TestConnection) -> Void) {
    self.serve = serve
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = socket(AF_INET, kind, 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(descriptor, address, size) == 0 && listen(descriptor, 256) == 0
          && getsockname(descriptor, address, &size) == 0
      }
    }
    precondition(bound, "no port on 127.0.0.1")
    port = UInt16(bigEndian: address.sin_port)
    listener = descriptor
    Self.thread {
      while true {
        let accepted = accept(descriptor, nil, nil)
        if accepted < 0 { return }
        _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
        Self.thread {
          let connection = TestConnection(accepted)
          serve(connection)
          // Ends the connection even if a helper was started with a copy of it.
          shutdown(accepted, Int32(SHUT_RDWR))
          close(accepted)
        }
      }
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  package func url(_ path: String, scheme: String = "http", host: String = "127.0.0.1") -> String {
    "\(scheme)://\(host):\(port)\(path)"
  }

  private final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  package static func thread(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { work in
        if let work { Unmanaged<Work>.fromOpaque(work).takeRetainedValue().body() }
        return nil
      }, Unmanaged.passRetained(Work(body)).toOpaque())
    pthread_detach(thread)
  }
}

package struct TestRequest {
  package var line: String
  package var headers: [String]
  package var body: [UInt8]

  package var path: String { line.split(separator: " ").dropFirst().first.map(String.init) ?? "" }

  package func header(_ name: String) -> String? {
    headers.first { $0.lowercased().hasPrefix(name.lowercased() + ": ") }
      .map { String($0.dropFirst(name.count + 2)) }
  }
}

/// One accepted connection, with a buffer for lines.
package final class TestConnection {
  private let socket: Int32
  private var buffer: [UInt8] = []

  package init(_ socket: Int32) { self.socket = socket }

  private func fill() -> Bool {
    var chunk = [UInt8](repeating: 0, count: 65536)
    let count = recv(socket, &chunk, chunk.count, 0)
    guard count > 0 else { return false }
    buffer += chunk[..<count]
    return true
  }

  /// Without its line end; nil when the client has closed.
  package func readLine() -> String? {
    while true {
      if let end = buffer.firstIndex(of: 0x0A) {
        let line = String(decoding: buffer[..<end], as: UTF8.self)
        buffer.removeFirst(end + 1)
        return line.last == "\r\n" || line.last == "\r" ? String(line.dropLast()) : line
      }
      if !fill() { return nil }
    }
  }

  package func readBytes(_ count: Int) -> [UInt8] {
    while buffer.count < count, fill() {}
    let taken = Array(buffer.prefix(count))
    buffer.removeFirst(taken.count)
    return taken
  }

  package func readRequest() -> TestRequest? {
    guard let line = readLine() else { return nil }
    var request = TestRequest(line: line, headers: [], body: [])
    while let header = readLine(), !header.isEmpty { request.headers.append(header) }
    request.body = readBytes(Int(request.header("Content-Length") ?? "0") ?? 0)
    return request
  }

  /// False when the client is gone.
  @discardableResult
  package func send(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let start = sent
      let count = bytes.withUnsafeBytes { raw in
        Glibc.send(
          socket, raw.baseAddress.map { $0 + start }, raw.count - start, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return false }
      sent += count
    }
    return true
  }

  @discardableResult
  package func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  package func respond(_ status: String, _ headers: [String] = [], _ body: [UInt8] = []) {
    let lines = ["HTTP/1.1 \(status)"] + headers + ["Content-Length: \(body.count)", "", ""]
    send(Array(lines.joined(separator: "\r\n").utf8) + body)
  }

  /// Waits until the client has gone, at most `seconds`.
  package func hang(seconds: Int) {
    var time = timeval(tv_sec: seconds, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    while fill() { buffer = [] }
  }
}

package func pause(milliseconds: Int) { usleep(UInt32(milliseconds * 1000)) }

/// A list that threads add to.
package final class Shared<Element>: @unchecked Sendable {
  private var lock = pthread_mutex_t()
  private var elements: [Element] = []

  package init() { pthread_mutex_init(&lock, nil) }

  package func append(_ element: Element) {
    pthread_mutex_lock(&lock)
    elements.append(element)
    pthread_mutex_unlock(&lock)
  }

  package var all: [Element] {
    pthread_mutex_lock(&lock)
    defer { pthread_mutex_unlock(&lock) }
    return elements
  }
}
