import MxCLI
import MxEngine
import MxModel
import MxNet
import MxPromQL

/// The parameters of a request: of its URL, and of its form where it was posted.
struct APIParameters {
  private let pairs: [(name: String, value: String)]
  private let now: Int64
  /// As far from 1970 as the engine goes, in ms.
  private static let farthest: Int64 = 1 << 56

  init(_ request: ServerRequest, now: Int64) throws(APIError) {
    self.now = now
    guard var pairs = FormText.pairs(request.query) else {
      throw APIError(.badData, "the query string of the URL has a broken escape")
    }
    if request.method == "POST", !request.body.isEmpty {
      guard request.contentType == "application/x-www-form-urlencoded" || request.contentType == ""
      else {
        throw APIError(
          .badData, "the body is '\(request.contentType)', not application/x-www-form-urlencoded")
      }
      guard let form = FormText.pairs(request.body) else {
        throw APIError(.badData, "the form has a broken escape")
      }
      // The form goes first, as in Go's.
      pairs = form + pairs
    }
    self.pairs = pairs
  }

  /// The first of a name; nil where there is none or it is empty.
  func text(_ name: String) -> String? {
    pairs.first { $0.name == name }.flatMap { $0.value.isEmpty ? nil : $0.value }
  }

  func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

  /// Seconds with a fraction, or RFC 3339.
  func time(_ name: String) throws(APIError) -> Int64? {
    guard let text = text(name) else { return nil }
    if let seconds = Double(text) {
      guard seconds.isFinite, seconds.magnitude < 9e15 else {
        // Clients say the beginning and the end of time so.
        return seconds < 0 ? -APIParameters.farthest : APIParameters.farthest
      }
      return Int64((seconds * 1000).rounded())
    }
    do throws(ValueError) {
      return try TimeText.milliseconds(text, now: now)
    } catch {
      throw .parameter(name, "cannot parse \"\(text)\" to a valid timestamp")
    }
  }

  /// Seconds, or `1h30m`.
  func duration(_ name: String) throws(APIError) -> Int64? {
    guard let text = text(name) else { return nil }
    if let seconds = Double(text) {
      guard seconds.isFinite, seconds.magnitude < 9e12 else {
        throw .parameter(name, "cannot parse \"\(text)\" to a valid duration")
      }
      return Int64((seconds * 1000).rounded())
    }
    guard let found = MxModel.DurationText.parse(text) else {
      throw .parameter(name, "cannot parse \"\(text)\" to a valid duration")
    }
    return found
  }

  /// How many at most; nil for no limit.
  func limit(_ name: String = "limit") throws(APIError) -> Int? {
    guard let text = text(name) else { return nil }
    guard let count = Int(text), count >= 0 else {
      throw .parameter(name, "limit must be non-negative")
    }
    return count == 0 ? nil : count
  }

  /// Every `match[]`.
  func matchers() throws(APIError) -> [[Matcher]] {
    var found: [[Matcher]] = []
    for text in all("match[]") {
      do throws(PromQLError) {
        found.append(try PromQL.parseSelector(text))
      } catch {
        throw .parameter("match[]", "\(error)")
      }
    }
    return found
  }

  func range() throws(APIError) -> TimeRange {
    let from = try time("start") ?? .min
    let to = try time("end") ?? .max
    guard from <= to else {
      throw .parameter("end", "end timestamp must not be before start time")
    }
    return TimeRange(from: from, to: to)
  }

  func expression() throws(APIError) -> QueryExpression {
    let text = text("query") ?? ""
    do throws(PromQLError) {
      return QueryExpression(text: text, tree: try PromQL.parse(text))
    } catch {
      throw .parameter("query", "\(error)")
    }
  }
}
