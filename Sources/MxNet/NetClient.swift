import Glibc

/// Sends requests by way of the helper process `mx-net`, which alone links
/// libcurl: a tool that is given no URL loads nothing and starts nothing.
///
/// A helper lives for one call. Requests, secrets among them, go through a
/// socket, never through arguments or the environment, of which the helper gets
/// a few harmless variables only. Every request gets an answer: where the helper
/// cannot give one any more, the answer says so. Trying again is the caller's
/// business.
package struct NetClient: Sendable {
  package let helper: String

  /// With the path of a helper, or with the one that belongs to this program.
  package init(helper: String) { self.helper = helper }

  package init() throws(NetError) { helper = try HelperLocation.find() }

  /// Does all of `requests` at once, `milliseconds` at most, and returns the
  /// answers in the order of the requests.
  package func perform(
    _ requests: [NetRequest], within milliseconds: Int
  ) throws(NetError) -> [NetResponse] {
    var responses = [NetResponse?](repeating: nil, count: requests.count)
    try perform(requests, within: milliseconds) { index, response in
      responses[index] = response
    }
    return responses.map { response in
      guard let response else { preconditionFailure("BUG: a request without an answer") }
      return response
    }
  }

  /// The same, giving each answer to `receive` as soon as it is there, with the
  /// index of its request; each index exactly once. Where `stops` says so (asked
  /// after each wait, which a signal ends), what is still open is given up.
  package func perform(
    _ requests: [NetRequest], within milliseconds: Int, stops: () -> Bool = { false },
    _ receive: (Int, NetResponse) -> Void
  ) throws(NetError) {
    if requests.isEmpty { return }
    guard requests.count <= Wire.mostRequests else {
      throw .tooManyRequests(requests.count, limit: Wire.mostRequests)
    }
    let allowed = min(max(milliseconds, 1), Int(Int32.max))
    let exchange = Exchange(
      requests: requests, outgoing: try Self.encode(requests, allowed),
      deadline: Clock.now() + Int64(allowed))
    let process = try HelperProcess(path: helper)
    let isComplete = exchange.run(process, stops, receive)
    process.end(politely: isComplete)
  }

  private static func encode(
    _ requests: [NetRequest], _ milliseconds: Int
  ) throws(NetError) -> [UInt8] {
    var outgoing: [UInt8] = []
    for (index, request) in requests.enumerated() {
      do {
        outgoing += try WireMessages.encode(request, id: UInt32(index))
      } catch {
        throw .tooLarge(index: index)
      }
      // All of it stands in memory, here and at the helper.
      if outgoing.count > Wire.largestFrame { throw .tooLarge(index: index) }
    }
    do {
      return outgoing + (try WireMessages.encodeGo(milliseconds: UInt32(milliseconds)))
    } catch {
      preconditionFailure("BUG: a small frame is too large")
    }
  }
}

/// Why no request could be sent at all.
package enum NetError: Error, Equatable, CustomStringConvertible {
  /// None of the places has the helper.
  case helperMissing(searched: [String])
  case cannotStart(String, errno: Int32)
  case tooManyRequests(Int, limit: Int)
  /// Too many bytes, counted up to the request of this index.
  case tooLarge(index: Int)

  package var description: String {
    switch self {
    case .helperMissing(let searched):
      "the network helper 'mx-net' is in none of \(searched.joined(separator: ", "))"
    case .cannotStart(let path, let code):
      "cannot start '\(path)': \(String(cString: strerror(code)))"
    case .tooManyRequests(let count, let limit):
      "\(count) requests at once, at most \(limit) allowed"
    case .tooLarge(let index):
      "more than \(Wire.largestFrame) bytes to send, up to request \(index + 1)"
    }
  }

  /// What to do about it.
  package var hint: String? {
    switch self {
    case .helperMissing: "install mx-net into libexec/ beside bin/, or set MX_NET to its path"
    case .cannotStart: "check that it can be run, and that libcurl is installed"
    case .tooManyRequests, .tooLarge: nil
    }
  }
}

/// Milliseconds of a clock that only goes forward.
enum Clock {
  static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}

/// One conversation with a helper: writes and reads as either is possible, so
/// that neither side can wait for the other for ever.
private struct Exchange {
  let requests: [NetRequest]
  let outgoing: [UInt8]
  let deadline: Int64

  /// Gives every request its answer; true where all of them are the helper's own.
  func run(
    _ process: HelperProcess, _ stops: () -> Bool, _ receive: (Int, NetResponse) -> Void
  ) -> Bool {
    var waiting = Set(requests.indices)
    var buffer = FrameBuffer(limit: largestResponse)
    var sent = 0
    var why = (NetFailure.helperEnded, "the network helper ended before it had answered")
    conversation: while !waiting.isEmpty {
      let left = deadline - Clock.now()
      // The helper keeps the deadline itself; this is for one that does not.
      guard left > -Self.grace else {
        why = (.deadline, "the time for all requests was up")
        break
      }
      process.wait(toSend: sent < outgoing.count, milliseconds: left + Self.grace)
      if stops() {
        why = (.deadline, "the run was told to end")
        break
      }
      if !process.send(outgoing, &sent) {
        // Gone: what it said before may still be there to be read.
        sent = outgoing.count
      }
      switch process.receive(into: &buffer) {
      case .nothing: break
      case .ended: break conversation
      case .bytes:
        guard take(&buffer, &waiting, receive) else {
          why = (.helperEnded, "the network helper does not keep to the protocol")
          break conversation
        }
      }
    }
    for index in waiting.sorted() {
      receive(index, NetResponse(failure: why.0, message: why.1))
    }
    return waiting.isEmpty
  }

  private static let grace: Int64 = 500

  private var largestResponse: Int {
    let bodies = requests.map { request in
      switch request {
      case .http(let request): Int(request.limits.body)
      case .mail(let request): Int(request.limits.body)
      }
    }
    return min((bodies.max() ?? 0) + 2 * Wire.largestHeaders, Wire.largestFrame)
  }

  private func take(
    _ buffer: inout FrameBuffer, _ waiting: inout Set<Int>,
    _ receive: (Int, NetResponse) -> Void
  ) -> Bool {
    do {
      while let frame = try buffer.next() {
        let (id, response) = try WireMessages.response(frame)
        guard waiting.remove(Int(id)) != nil else { return false }
        receive(Int(id), response)
      }
      return true
    } catch {
      return false
    }
  }
}
