import MxCLI
import MxEngine
import MxJSON
import MxNet
import MxPromQL

/// A refusal in the words of Prometheus' HTTP API.
struct APIError: Error {
  enum Kind: String {
    case badData = "bad_data"
    case execution
    case timeout
    case notFound = "not_found"
    case `internal`
    case unavailable
  }

  let kind: Kind
  let message: String

  init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  /// `invalid parameter "query": …`, as Prometheus words it.
  static func parameter(_ name: String, _ why: String) -> APIError {
    APIError(.badData, "invalid parameter \"\(name)\": \(why)")
  }

  /// What any module threw.
  init(of error: any Error) {
    switch error {
    case let error as APIError: self = error
    case let error as PromQLError: self = APIError(.badData, "\(error)")
    case EngineError.timeout:
      self = APIError(.timeout, "query timed out in expression evaluation")
    case let error as EngineError: self = APIError(.execution, "\(error)")
    default:
      let found = Explanation.diagnostic(of: error)
      let kind: Kind =
        switch found.kind {
        case .usage: .badData
        case .input: .execution
        case .locked: .unavailable
        case .no, .damage, .system: .internal
        }
      self = APIError(kind, found.line)
    }
  }

  var status: Int {
    switch kind {
    case .badData: 400
    case .notFound: 404
    case .execution: 422
    case .internal: 500
    case .timeout, .unavailable: 503
    }
  }

  var response: ServerResponse {
    let text = MxCLI.JSONText.object([
      ("status", .string("error")), ("errorType", .string(kind.rawValue)),
      ("error", .string(message)),
    ]).text
    return ServerResponse.json(status, text + "\n")
  }
}
