import Glibc
import MxCLI
import MxTools

exit(runTool(QueryCommand.self))
