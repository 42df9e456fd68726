/** The directory of a checkpoint (>= 1), below the root of the job's storage. @internal */
export function checkpointDirectory(checkpointId: number): string {
  return `chk-${String(checkpointId).padStart(6, '0')}`
}

/** Where a subtask of an operator writes its keyed state. @internal */
export function stateFilePath(checkpointId: number, operatorId: string, subtask: number): string {
  return `${checkpointDirectory(checkpointId)}/${operatorId}-${subtask}.state`
}

/** Where a subtask of an operator writes its lists, if they are large. @internal */
export function listFilePath(checkpointId: number, operatorId: string, subtask: number): string {
  return `${checkpointDirectory(checkpointId)}/${operatorId}-${subtask}.lists`
}
