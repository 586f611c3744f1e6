/**
 * XEP-0363: HTTP File Upload (1.2.0).
 *
 * @module
 */

export type { Slot } from './check-slot.js'
export {
  FileTooLarge,
  NS_HTTP_UPLOAD,
  NS_UPLOAD_PURPOSE,
  requestSlot,
  UploadHeader,
  UploadLimits,
  UploadPurpose,
  UploadRequest,
  UploadRetry,
  UploadSlot,
} from './elements.js'
export type { ProgressHandler } from './file-body.js'
export { fileMessage } from './file-message.js'
export type { UploadService } from './find-service.js'
export {
  type HttpUpload,
  type HttpUploadOptions,
  httpUpload,
  type UploadedFile,
  type UploadOptions,
} from './http-upload.js'
export type { PutFetch, PutInit } from './put-file.js'
export { UploadError, type UploadErrorCode, type UploadErrorDetails } from './upload-error.js'
